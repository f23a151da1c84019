package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"stellad/audit"
)

// notes is the file of a segment's annotations. A frame's place and length never
// change: an erasure writes another line of the same length over it.
type notes struct {
	f    *os.File
	size int64 // allocated; the writer's

	// Where the annotations stand, found as somebody reads.
	index   sync.Mutex
	indexed map[uint64]span
	upTo    int64
}

// span is an annotation's frame in its file.
type span struct {
	Seq  uint64
	File uint64 // the segment's first seq
	At   int64
	Size int
}

func notesPath(dir string, first uint64) string {
	return filepath.Join(dir, "annotations", segmentName(first))
}

// openNotes opens a segment's annotations; nil where it has none.
func openNotes(dir string, first uint64) (*notes, error) {
	f, err := os.OpenFile(notesPath(dir, first), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &notes{f: f, size: info.Size()}, nil
}

// noteSeq gives the seq of an annotation or of what an erasure left of it.
func noteSeq(line []byte) (seq uint64, erased bool, err error) {
	if _, err := fmt.Sscanf(string(line[:min(len(line), 40)]), `{"seq":%d,`, &seq); err != nil {
		return 0, false, audit.ErrAnnotation
	}
	return seq, bytes.Equal(line, erasedLine(seq, len(line))), nil
}

// erasedLine is what an erasure leaves: n bytes that name the record alone.
func erasedLine(seq uint64, n int) []byte {
	line := fmt.Appendf(nil, `{"seq":%d,"erased":true}`, seq)
	return append(line, bytes.Repeat([]byte{' '}, max(0, n-len(line)))...)
}

// find gives the place of seq's annotation among the frames up to end.
func (n *notes) find(file, seq uint64, end int64) (span, error) {
	n.index.Lock()
	defer n.index.Unlock()
	if n.indexed == nil {
		n.indexed = map[uint64]span{}
	}
	for r := newReader(n.f, n.upTo, end); n.upTo < end; n.upTo = r.at {
		fr, ok, err := r.next()
		if err != nil {
			return span{}, err
		}
		if !ok {
			return span{}, damaged(n.f.Name(), r.at, "an annotation does not read")
		}
		at, _, err := noteSeq(fr.line)
		if err != nil {
			return span{}, damaged(n.f.Name(), n.upTo, "%v", err)
		}
		n.indexed[at] = span{at, file, n.upTo, fr.size}
	}
	s, ok := n.indexed[seq]
	if !ok {
		return span{}, damaged(n.f.Name(), end, "the annotation of record %d is missing", seq)
	}
	return s, nil
}

// read gives the line in a span.
func (n *notes) read(s span) ([]byte, error) {
	b := make([]byte, s.Size)
	if _, err := n.f.ReadAt(b, s.At); err != nil {
		return nil, err
	}
	fr, ok := parseFrame(b)
	if !ok || fr.size != s.Size {
		return nil, damaged(n.f.Name(), s.At, "the annotation of record %d does not read", s.Seq)
	}
	return fr.line, nil
}

// appendNotes makes annotations of the last segment durable; they go to at.
func (f *files) appendNotes(at int64, frames []byte) error {
	n, err := f.lastNotes()
	if err != nil {
		return err
	}
	if need := at + int64(len(frames)); need > n.size {
		step := f.notesStep()
		size := (need + step - 1) / step * step
		if err := f.sys.allocate(n.f, size); err != nil {
			return err
		}
		n.size = size
	}
	if err := f.sys.write(n.f, frames, at); err != nil {
		return err
	}
	return f.sys.sync(n.f)
}

// notesStep is how much is allocated for annotations at a time.
func (f *files) notesStep() int64 { return min(1<<20, f.capacity) }

// lastNotes gives the annotations of the last segment, and makes the file for the first one.
func (f *files) lastNotes() (*notes, error) {
	s := f.last()
	if n := s.notes.Load(); n != nil {
		return n, nil
	}
	file, err := os.OpenFile(notesPath(f.dir, s.first), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// A crash here leaves an empty file, which the next annotation goes to.
	if err := f.syncFolder("annotations"); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s.notes.Store(&notes{f: file})
	return s.notes.Load(), nil
}
