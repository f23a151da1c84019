package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// outside is what the file heads holds: the copy of content's heads that outlives Badger.
type outside struct {
	Writes    uint64          `json:"writes"`    // of this file: of its two slots the one with more is in force
	Migration int             `json:"migration"` // the last that was begun: an older release must not open the store
	Content   map[string]head `json:"content"`   // by id
}

// A headsFile has two slots, written in turn: a crash in the middle of a write leaves the other.
type headsFile struct {
	f *os.File
	o outside
}

// slotSize bounds a slot: a checksum of SHA-256, a length of four bytes, and JSON.
const slotSize = 64 << 10

// openHeads reads the file, or creates it. why is set where a file was there and said nothing.
func openHeads(dir string) (h *headsFile, created bool, why string, err error) {
	path := filepath.Join(dir, "heads")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, "", err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, false, "", errors.Join(err, f.Close())
	}
	h = &headsFile{f, outside{Content: map[string]head{}}}
	if created = st.Size() == 0; created {
		// A crash before this is on the disk leaves an empty file or none, and no Badger.
		return h, true, "", errors.Join(h.save(), syncDir(dir))
	}
	if !h.read() {
		why = "the copy of the heads outside Badger cannot be read"
	}
	return h, false, why, nil
}

// read takes the slot in force, and tells whether there is one.
func (h *headsFile) read() (have bool) {
	for slot := range int64(2) {
		buf := make([]byte, slotSize)
		n, err := h.f.ReadAt(buf, slot*slotSize)
		if err != nil && !errors.Is(err, io.EOF) {
			continue
		}
		o, err := parseSlot(buf[:n])
		if err == nil && (!have || o.Writes > h.o.Writes) {
			h.o, have = o, true
		}
	}
	return have
}

func parseSlot(b []byte) (o outside, err error) {
	const start = sha256.Size + 4
	if len(b) < start {
		return o, ErrDamaged
	}
	n := binary.BigEndian.Uint32(b[sha256.Size:])
	if uint64(n) > uint64(len(b)-start) {
		return o, ErrDamaged
	}
	text := b[start : start+n]
	if sha256.Sum256(text) != [sha256.Size]byte(b[:sha256.Size]) {
		return o, ErrDamaged
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return outside{}, err
	}
	if o.Content == nil {
		o.Content = map[string]head{}
	}
	return o, nil
}

// write puts o into the slot that is not in force. A crash here leaves the one that is; Badger is then ahead of it,
// which is no loss.
func (h *headsFile) write() error {
	h.o.Writes++
	text, err := json.Marshal(h.o)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(text)
	b := binary.BigEndian.AppendUint32(digest[:], uint32(len(text)))
	if b = append(b, text...); len(b) > slotSize {
		return fmt.Errorf("%w: the heads take %d bytes", ErrTooBig, len(b))
	}
	_, err = h.f.WriteAt(b, int64(h.o.Writes%2)*slotSize)
	return err
}

func (h *headsFile) close() error { return h.f.Close() }

// save writes o and puts it on the disk.
func (h *headsFile) save() error {
	if err := h.write(); err != nil {
		return err
	}
	return h.f.Sync()
}
