package audit

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"stellad/tlog"
)

// The files of an export. docs/formats/audit.md §6.
const (
	fileCheckpoint  = "checkpoint"        // the latest, a signed note
	fileKey         = "log.vkey"          // the audit key as a vkey and an LF
	fileAnnotations = "annotations.jsonl" // those that are not erased, by seq
	fileTable       = "table.csv"         // the records for people's eyes
	fileSince       = "since.checkpoint"  // of a partial export: where it starts
	fileConsistency = "since.proof"       // of a partial export: RFC 6962's proof from there
	fileGuide       = "VERIFY.md"
	fileVerifier    = "verify_audit.py"
	dirCheckpoints  = "checkpoints/" // one file for each size, the latest among them
	dirRecords      = "records/"     // chunks of chunkSize lines
	dirTiles        = "tile/"        // C2SP tlog-tiles, entry bundles among them
)

const (
	chunkSize  = 16384 // records in a file: 64 MiB at most, 8 MiB as they are
	bundleSize = 256   // entries in a full bundle, and hashes in a full tile. C2SP tlog-tiles
)

// Sink takes one file of an export: its slash-separated name, its length in bytes,
// and its content, which is read before Sink returns. Names come once each.
type Sink func(name string, size int64, content io.Reader) error

// span is what an export holds of a log: the records from first up to, and without,
// end. first is a multiple of bundleSize, so that bundles and tiles are whole.
type span struct{ first, end uint64 }

func spanOf(since, end uint64) span { return span{since - since%bundleSize, end} }

func recordsFile(chunk uint64) string { return fmt.Sprintf("%s%06d.jsonl", dirRecords, chunk) }

func checkpointFile(size uint64) string { return dirCheckpoints + strconv.FormatUint(size, 10) }

// bundle gives the entry bundle, or with level 0 the tile, over the leaves from seq on.
func (s span) bundle(level int, seq uint64) tlog.Tile {
	t, _ := tlog.TileAt(level, seq, s.end)
	return t
}

// hasTile reports whether an export has a tile: as wide as it is in the whole tree,
// and not wholly left of the first record.
func (s span) hasTile(t tlog.Tile) bool {
	whole, ok := tlog.TileAt(t.Level, t.Index*bundleSize, s.end)
	return ok && t == whole && t.Index >= s.first>>(8*(max(t.Level, 0)+1))
}

func (s span) hasRecords(chunk uint64) bool {
	return chunk >= s.first/chunkSize && chunk*chunkSize < s.end && s.first < s.end
}

// has reports whether a file belongs to an export over s; since is whether it is a
// partial one. Checkpoints are left to whoever reads them.
func (s span) has(name string, since bool) bool {
	switch name {
	case fileCheckpoint, fileKey, fileAnnotations, fileTable, fileGuide, fileVerifier:
		return true
	case fileSince, fileConsistency:
		return since
	}
	if strings.HasPrefix(name, dirTiles) {
		t, err := tlog.ParseTilePath(name)
		return err == nil && s.hasTile(t)
	}
	digits := strings.TrimSuffix(strings.TrimPrefix(name, dirRecords), ".jsonl")
	chunk, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && recordsFile(chunk) == name && s.hasRecords(chunk)
}
