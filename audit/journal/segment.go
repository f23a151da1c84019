package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"stellad/tlog"
)

const segmentFormat = "stellad-journal/1"

// header is a segment's first frame.
type header struct {
	Format string    `json:"format"`
	First  uint64    `json:"first"` // the seq of the first record: the size of the tree before it
	Root   []byte    `json:"root"`  // of that tree
	Nodes  []byte    `json:"nodes"` // of its compact range
	Clock  time.Time `json:"clock"`
	Before *before   `json:"before,omitempty"` // nil in the first segment
}

// before is what the segment before must be.
type before struct {
	First uint64 `json:"first"`
	Bytes int64  `json:"bytes"`
	Notes int64  `json:"notes"` // the length of its annotations; 0 where it has no such file
}

// headerAfter is the header of the segment that begins at p; first says that none stands before it.
func headerAfter(p point, first bool) header {
	root := p.tree.root()
	h := header{Format: segmentFormat, First: p.tree.size, Root: root[:], Nodes: p.tree.pack(), Clock: p.clock}
	if !first {
		h.Before = &before{p.in, p.end, p.notes}
	}
	return h
}

func (h header) frame() ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return appendFrame(nil, markFile, line), nil
}

// segment is the file of the records from first on.
type segment struct {
	first  uint64
	start  point // before the first record: end is the header's
	before *before
	f      *os.File
	notes  atomic.Pointer[notes] // nil until a record has an annotation

	// Where each 64th record stands, found as somebody reads.
	index   sync.Mutex
	indexed []int64
}

const indexEvery = 64

func segmentName(first uint64) string { return fmt.Sprintf("%020d", first) }

func parseName(name string) (uint64, bool) {
	n, err := strconv.ParseUint(name, 10, 64)
	return n, err == nil && segmentName(n) == name
}

// openSegment opens a segment and reads its header.
func openSegment(dir string, first uint64) (*segment, error) {
	path := filepath.Join(dir, "segments", segmentName(first))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s := &segment{first: first, f: f}
	if err := s.readHeader(); err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, err
	}
	return s, nil
}

func (s *segment) readHeader() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	fr, ok, err := newReader(s.f, 0, info.Size()).next()
	if err != nil {
		return err
	}
	if !ok || fr.mark != markFile {
		return damaged(s.f.Name(), 0, "the header does not read")
	}
	h, t, err := parseHeader(fr.line)
	if err != nil {
		return damaged(s.f.Name(), 0, "header: %v", err)
	}
	if h.First != s.first {
		return damaged(s.f.Name(), 0, "the header is that of segment %s", segmentName(h.First))
	}
	s.start = point{tree: t, clock: h.Clock, in: s.first, end: int64(fr.size)}
	s.before = h.Before
	return nil
}

func parseHeader(line []byte) (header, tree, error) {
	var h header
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return header{}, tree{}, err
	}
	if h.Format != segmentFormat || len(h.Root) != len(tlog.Hash{}) {
		return header{}, tree{}, fmt.Errorf("format %q, root of %d bytes", h.Format, len(h.Root))
	}
	t, err := unpack(h.First, h.Nodes)
	if err != nil {
		return header{}, tree{}, err
	}
	if t.root() != tlog.Hash(h.Root) {
		return header{}, tree{}, errors.New("its nodes do not give its root")
	}
	return h, t, nil
}

// find gives where record seq stands, with end the end of the frames.
func (s *segment) find(seq uint64, end int64) (int64, error) {
	s.index.Lock()
	defer s.index.Unlock()
	if s.indexed == nil {
		s.indexed = []int64{s.start.end}
	}
	known := min((seq-s.first)/indexEvery, uint64(len(s.indexed)-1))
	r := newReader(s.f, s.indexed[known], end)
	for at := s.first + known*indexEvery; at < seq; {
		_, ok, err := r.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, damaged(s.f.Name(), r.at, "record %d does not read", at)
		}
		if at++; (at-s.first)%indexEvery == 0 && (at-s.first)/indexEvery == uint64(len(s.indexed)) {
			s.indexed = append(s.indexed, r.at)
		}
	}
	return r.at, nil
}

// close closes the files. It is for segments that nothing was written to since the last sync.
func (s *segment) close() error {
	if n := s.notes.Load(); n != nil {
		return errors.Join(s.f.Close(), n.f.Close())
	}
	return s.f.Close()
}
