package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"stellad/tlog"
)

const (
	headFormat = "stellad-journal-head/1"
	slotSize   = 4096 // a block of its own: a torn write spoils one slot
)

// head says how far the log was acknowledged.
type head struct {
	Format  string    `json:"format"`
	Turn    uint64    `json:"turn"` // one more with each write; even ones go to the first slot
	Size    uint64    `json:"size"`
	Root    []byte    `json:"root"`
	Segment uint64    `json:"segment"` // the last one's first seq
	End     int64     `json:"end"`     // of its frames
	Notes   int64     `json:"notes"`   // of the frames of its annotations
	Stored  int       `json:"stored"`  // checkpoints, at least
	Clock   time.Time `json:"clock"`
}

func headAt(p point, turn uint64) head {
	root := p.tree.root()
	return head{headFormat, turn, p.tree.size, root[:], p.in, p.end, p.notes, p.checkpoints, p.clock}
}

// slot gives h's bytes and their place.
func (h head) slot() (b []byte, at int64, err error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, 0, err
	}
	b = appendFrame(make([]byte, 0, slotSize), markFile, line)
	return b[:slotSize], int64(h.Turn%2) * slotSize, nil
}

// parseSlot reads a slot whose turns are even (0) or odd (1).
func parseSlot(b []byte, parity uint64) (head, error) {
	fr, ok := parseFrame(b)
	if !ok || fr.mark != markFile || len(bytes.Trim(b[fr.size:], "\x00")) > 0 {
		return head{}, errors.New("not as it was written")
	}
	var h head
	dec := json.NewDecoder(bytes.NewReader(fr.line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return head{}, err
	}
	if h.Format != headFormat || h.Turn%2 != parity || len(h.Root) != len(tlog.Hash{}) {
		return head{}, fmt.Errorf("format %q, turn %d, root of %d bytes", h.Format, h.Turn, len(h.Root))
	}
	return h, nil
}

// readHead gives the newer slot, and says of a slot that does not read that it is
// spoilt: by a write that a power cut tore, or by rot. Either way the other slot is at
// most one batch older, and what stands past it in the segment is taken in.
func readHead(f *os.File) (h head, spoilt error, err error) {
	b := make([]byte, 2*slotSize+1)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return head{}, nil, err
	}
	if n != 2*slotSize {
		return head{}, nil, damaged(f.Name(), int64(n), "%d bytes, not %d", n, 2*slotSize)
	}
	even, evenErr := parseSlot(b[:slotSize], 0)
	odd, oddErr := parseSlot(b[slotSize:2*slotSize], 1)
	switch {
	case evenErr != nil && oddErr != nil:
		return head{}, nil, damaged(f.Name(), 0, "neither slot reads: %v; %v", evenErr, oddErr)
	case evenErr != nil:
		return odd, fmt.Errorf("%s, byte 0: %w", f.Name(), evenErr), nil
	case oddErr != nil:
		return even, fmt.Errorf("%s, byte %d: %w", f.Name(), slotSize, oddErr), nil
	case even.Turn > odd.Turn:
		return even, nil, nil
	}
	return odd, nil, nil
}
