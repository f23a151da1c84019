package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"stellad/tlog"
)

// signer is the audit key, as far as the journal needs it.
type signer struct {
	origin string
	sign   func(text []byte) ([]byte, error)
	keys   []*tlog.VerifierKey
}

// SignWith lets checkpoints be signed from now on: a note of origin, which sign makes of
// the text and one of keys verifies. keys are the audit key and those before it; sign
// may be nil where its holder can't be reached. The last stored checkpoint must verify,
// else it is ErrDamaged; Check verifies all. sign may be slow: no append waits for it.
func (j *Journal) SignWith(origin string, sign func(text []byte) ([]byte, error), keys ...*tlog.VerifierKey) error {
	s := signer{origin, sign, keys}
	v := j.view()
	defer v.release()
	if sizes, err := v.f.checkpoints(); err != nil {
		return err
	} else if len(sizes) > 0 {
		if err := s.verify(v.f, sizes[len(sizes)-1]); err != nil {
			return err
		}
	}
	j.mu.Lock()
	j.signer = s
	j.mu.Unlock()
	return nil
}

// verify verifies a stored checkpoint.
func (s signer) verify(f *files, size uint64) error {
	msg, _, err := f.readCheckpoint(size)
	if err != nil {
		return err
	}
	if _, err := tlog.OpenCheckpoint(msg, s.origin, s.keys, tlog.Quorum{}); err != nil {
		return damaged(f.path("checkpoints", segmentName(size)), 0, "%v", err)
	}
	return nil
}

// Checkpoint signs the log as it is, and gives the signed note, which is durable. One
// of the same size is given again. ErrNoSigner before SignWith; ErrReadOnly where
// the files can't be relied on.
func (j *Journal) Checkpoint() ([]byte, error) {
	j.mu.Lock()
	closed := j.closed
	j.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	return j.checkpoint()
}

func (j *Journal) checkpoint() ([]byte, error) {
	j.signing.Lock()
	defer j.signing.Unlock()
	if err := j.trusts(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	p, s, latest := j.now, j.signer, j.latest
	j.mu.Unlock()
	if latest != nil && latest.Size == p.tree.size {
		return j.stored(latest.Size)
	}
	if s.sign == nil {
		return nil, ErrNoSigner
	}
	c := tlog.Checkpoint{Origin: s.origin, Size: p.tree.size, Root: p.tree.root()}
	text := c.Marshal()
	if _, err := tlog.ParseCheckpoint(text); err != nil {
		return nil, err
	}
	msg, err := s.sign(text)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	made, err := tlog.OpenCheckpoint(msg, s.origin, s.keys, tlog.Quorum{})
	if err != nil || !bytes.Equal(made.Marshal(), text) {
		return nil, fmt.Errorf("sign a checkpoint: what came back is not it: %w", err)
	}
	return msg, j.do(func() error { return j.store(c, msg) })
}

// store makes a checkpoint durable; it is the writer's.
func (j *Journal) store(c tlog.Checkpoint, msg []byte) error {
	j.dropBallast()
	if err := j.files.place("checkpoints/"+segmentName(c.Size), msg); err != nil {
		return j.failed(err)
	}
	// A crash here leaves one more than head counts.
	p := j.point()
	p.checkpoints++
	if err := j.files.writeHead(p); err != nil {
		return j.failed(err)
	}
	j.mu.Lock()
	j.latest, j.now = &c, p
	j.mu.Unlock()
	return nil
}

func (j *Journal) stored(size uint64) ([]byte, error) {
	v := j.view()
	defer v.release()
	msg, _, err := v.f.readCheckpoint(size)
	return msg, err
}

// Checkpoints gives the sizes of all stored checkpoints, ascending, and ReadCheckpoint
// the signed note of one.
func (j *Journal) Checkpoints() ([]uint64, error) {
	v := j.view()
	defer v.release()
	return v.f.checkpoints()
}

// ReadCheckpoint gives the signed note that was stored for the first size records.
func (j *Journal) ReadCheckpoint(size uint64) ([]byte, error) { return j.stored(size) }

// checkpoints lists the stored ones. A temporary file is one that was never stored.
func (f *files) checkpoints() ([]uint64, error) {
	entries, err := os.ReadDir(f.path("checkpoints"))
	if err != nil {
		return nil, err
	}
	var sizes []uint64
	for _, e := range entries {
		if size, ok := parseName(e.Name()); ok {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	return sizes, nil
}

// readCheckpoint reads one and what it says, without verifying its signature.
func (f *files) readCheckpoint(size uint64) (msg []byte, c tlog.Checkpoint, err error) {
	path := f.path("checkpoints", segmentName(size))
	msg, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, c, fmt.Errorf("%w: no checkpoint of %d records", ErrNoRecord, size)
	}
	if err != nil {
		return nil, c, err
	}
	end := bytes.Index(msg, []byte("\n\n"))
	if end < 0 {
		return nil, c, damaged(path, 0, "not a signed note")
	}
	if c, err = tlog.ParseCheckpoint(msg[:end+1]); err != nil || c.Size != size {
		return nil, c, damaged(path, 0, "not a checkpoint of %d records: %v", size, err)
	}
	return msg, c, nil
}

// lastCheckpoint gives the last one stored, or nil.
func (f *files) lastCheckpoint() (*tlog.Checkpoint, error) {
	sizes, err := f.checkpoints()
	if err != nil || len(sizes) == 0 {
		return nil, err
	}
	_, c, err := f.readCheckpoint(sizes[len(sizes)-1])
	return &c, err
}
