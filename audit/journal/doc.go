// Package journal keeps the appliance's audit log on disk: an append-only list of
// records that is never silently shorter, longer or other than what was
// acknowledged. Everything in it may be called concurrently.
//
// # What is promised
//
//   - [Journal.Append] returns a record only after its bytes, and those of its
//     annotation, are durable. Who gets an error must not act on the record.
//   - What was acknowledged is there after a crash, or [Open] and [Journal.Check]
//     refuse with [ErrDamaged], naming file and byte. They never cut it off, and what
//     they refuse they leave as it is, for whoever repairs it.
//   - What was not acknowledged may be there after a crash: see "Records nobody was
//     told of".
//   - Where the journal can't promise that, it is read-only ([ErrReadOnly], with the
//     cause) and says so in [Journal.State], until [Journal.Retry] finds the cause gone.
//   - What is mended is told, in State and in the log that Options gives.
//
// One thing it can't tell alone: the whole folder as it was yesterday. Who keeps a
// checkpoint elsewhere compares State's size with it, and [Journal.RootAt] its root.
//
// # The folder
//
//	head                    how far the log was acknowledged, in two slots
//	segments/FIRST          the records from seq FIRST on (20 digits)
//	segments/spare          the next segment: allocated, all zeros
//	annotations/FIRST       the erasable texts to the records of segments/FIRST
//	checkpoints/SIZE        the signed note for the first SIZE records (20 digits)
//	erasing                 an erasure under way
//	ballast                 space to give up when the disk is full; its bytes mean nothing
//
// # Frames
//
// Every file but checkpoints and ballast is made of frames, lines of text:
//
//	CRC mark line LF
//
// CRC is CRC-32C (Castagnoli) over mark and line, as 8 digits of lower-case hex. A
// segment reads with `cut -c10-`. The mark is "=" on the first frame of a segment (its
// header), of a slot of head and of erasing; "+" on the first record of a batch; "-" on
// the other records and on annotations. Segments and annotation files are allocated
// ahead and end in zeros; they are cut to their frames when the next segment begins.
//
// A segment's header is JSON: the seq of the first record; the root of the tree before
// it, with the nodes of its compact range, so that a start reads one segment and not
// all; the latest time of a record; the first seq and the length of the segment before,
// and the length of its annotations. So each header says what the file before must be.
//
// A slot of head is JSON in 4096 bytes: size, root, where the frames of the last segment
// and of its annotations end, how many checkpoints are stored, and the latest time of a
// record. The slots take turns, so that a torn write leaves the other.
//
// # Write order of a batch
//
//  1. annotations: write, fdatasync
//  2. segment: write, fdatasync; only after it does the next batch begin
//  3. the files are still those under their names
//  4. head: write; it is synced four times a second and at Close, not here
//  5. the callers are answered
//
// A crash before the end of 2 leaves annotations without a record (the next start
// overwrites them with zeros) and a batch that is not there, torn, or whole. A batch
// is torn only as the last thing in the log: a "+" frame says that all before it was
// durable. So a frame that does not read is rot, and refused, where head counts it or
// a "+" frame follows; else it is a torn batch, which is overwritten with zeros and told.
// What this can't tell apart: after a power cut, rot in the very last batch where head
// was not synced since (250 ms).
//
// # Records nobody was told of
//
// A whole record past head is taken in at the next start: it may be one that was
// acknowledged just before the crash, or one whose caller got an error or no answer.
// It then counts as any other, so what is built on the log must follow the log
// ([Journal.Follow]), not what Append returned. Retry, in the process that got the
// error, overwrites the records of a batch that failed: they will not count. A batch
// that stalled ([ErrStalled]) and then succeeds does.
//
// # Failed syncs
//
// After a failed fdatasync the kernel may call the lost pages clean, and a second sync
// succeeds without them. So nothing is synced again: Retry, and each start, read the
// files anew, and write again what follows the last block that head counts before they
// sync it.
//
// # What Open reads and what Check reads
//
// Open reads head, every header, the length of every file, the last checkpoint's text,
// and every byte of the segment that head names and of those after it, with the
// annotations of the last one. The rest is hashed by Check, which the daemon runs after
// a start; so rot in what is old is told minutes after the start, not before it.
package journal
