package journal

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"io"

	"stellad/audit"
)

// The marks of frames.
const (
	markFile  = '='
	markBatch = '+' // a record, the first of its batch: all before it was durable
	markMore  = '-'
)

const (
	digits   = 8
	overhead = digits + 2 // a frame's bytes beside its line: CRC, mark, LF
	maxFrame = audit.MaxLine + overhead
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame frames line, which holds no LF.
func appendFrame(b []byte, mark byte, line []byte) []byte {
	at := len(b)
	b = append(b, "........"...)
	b = append(b, mark)
	b = append(b, line...)
	sum := crc32.Checksum(b[at+digits:], castagnoli)
	hex.Encode(b[at:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(b, '\n')
}

// frame is a frame that was read.
type frame struct {
	mark byte
	line []byte
	size int // with its overhead
}

// parseFrame reads the frame that b begins with, if it is whole and as it was written.
func parseFrame(b []byte) (frame, bool) {
	b = b[:min(len(b), maxFrame)]
	n := bytes.IndexByte(b, '\n')
	if n < digits+1 {
		return frame{}, false
	}
	sum, ok := parseCRC(b[:digits])
	if !ok || sum != crc32.Checksum(b[digits:n], castagnoli) {
		return frame{}, false
	}
	return frame{mark: b[digits], line: b[digits+1 : n], size: n + 1}, true
}

// parseCRC reads lower-case hex alone: a flipped bit must not give another spelling.
func parseCRC(b []byte) (sum uint32, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		sum = sum<<4 | uint32(c)
	}
	return sum, true
}

// reader reads frame after frame from at to limit. It serves one goroutine.
type reader struct {
	f     io.ReaderAt
	at    int64 // of the next frame
	limit int64
	buf   []byte // read ahead: the bytes from at on
	room  []byte
}

func newReader(f io.ReaderAt, at, limit int64) *reader {
	return &reader{f: f, at: at, limit: limit}
}

// next gives the next frame; ok is false where there is none, at the limit or before.
// The line is good until the next call.
func (r *reader) next() (fr frame, ok bool, err error) {
	if len(r.buf) < maxFrame && r.at+int64(len(r.buf)) < r.limit {
		if err := r.fill(); err != nil {
			return frame{}, false, err
		}
	}
	fr, ok = parseFrame(r.buf)
	r.buf = r.buf[fr.size:]
	r.at += int64(fr.size)
	return fr, ok, nil
}

// fill reads ahead, each time more: most readers want one record, some want all.
func (r *reader) fill() error {
	room := r.room
	if len(room) < 256<<10 {
		room = make([]byte, max(2*maxFrame, 4*len(room)))
	}
	kept := copy(room, r.buf)
	r.room = room
	from := r.at + int64(kept)
	want := min(int64(len(r.room)-kept), r.limit-from)
	n, err := r.f.ReadAt(r.room[kept:kept+int(want)], from)
	r.buf = r.room[:kept+n]
	if err == io.EOF {
		r.limit = from + int64(n) // cut since; what is missing is for the caller to tell
		return nil
	}
	return err
}

// afterFrames says what stands between the frames, which end at end, and size.
type afterFrames struct {
	dirty int64 // the end of the last byte that is not zero; end where all are
	later bool  // a batch begins in it: what stands at end was durable once
}

func lookAfter(f io.ReaderAt, end, size int64) (afterFrames, error) {
	after := afterFrames{dirty: end}
	buf, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := end; at < size; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		if err != nil && err != io.EOF {
			return after, err
		}
		if n == 0 {
			break
		}
		if !bytes.Equal(buf[:n], zeros[:n]) { // which is faster than a look at each byte, and nearly never so
			after.dirty = at + int64(len(bytes.TrimRight(buf[:n], "\x00")))
		}
		at += int64(n)
	}
	torn := make([]byte, after.dirty-end)
	if _, err := f.ReadAt(torn, end); err != nil && err != io.EOF {
		return after, err
	}
	for len(torn) > 0 && !after.later {
		fr, ok := parseFrame(torn)
		after.later = ok && fr.mark == markBatch
		n := bytes.IndexByte(torn, '\n')
		if n < 0 {
			break
		}
		torn = torn[n+1:]
	}
	return after, nil
}
