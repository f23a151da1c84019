package blobs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Put keeps what r holds, up to limit bytes, and returns its digest and size. Once it returns, the blob is on the disk.
// More than limit bytes are ErrTooBig. An error leaves nothing. A blob that was there already, be it damaged, is
// replaced.
func (d *Dir) Put(r io.Reader, limit int64) (digest Digest, size int64, err error) {
	s, err := d.Stage(r, limit)
	if err != nil {
		return Digest{}, 0, err
	}
	defer s.Discard()
	return s.Digest, s.Size, s.Keep()
}

// Staged is what may become a blob: whole and on the disk, and under no name yet. It belongs to who staged it.
type Staged struct {
	Digest Digest
	Size   int64 // bytes

	dir  *Dir
	file string
}

// Stage takes in what r holds, up to limit bytes, so that it can be looked at before it is kept. More than limit bytes
// are ErrTooBig; a disk that hangs is ErrStalled. An error leaves nothing, or, of a disk that hangs, a file that is removed
// when it goes on. The caller calls Discard in the end.
func (d *Dir) Stage(r io.Reader, limit int64) (*Staged, error) {
	f, err := within(func() (*os.File, error) { return os.CreateTemp(filepath.Join(d.path, "tmp"), "put-*") }, discard) // with mode 0600
	if err != nil {
		return nil, err
	}
	s := &Staged{dir: d, file: f.Name()}
	s.Digest, s.Size, err = fill(f, r, limit)
	// A crash before this, or behind it, leaves a file in tmp.
	if errors.Is(err, ErrStalled) {
		go discard(f) // it waits for the disk
		return nil, err
	}
	if err = errors.Join(err, f.Close()); err != nil {
		s.Discard()
		return nil, err
	}
	return s, nil
}

// Open opens what was staged, to be read from its beginning. It is not proved: the caller reads what it wrote.
func (s *Staged) Open() (*os.File, error) { return os.Open(s.file) }

// Keep makes it the blob of its digest. Once it returns, the blob is on the disk. A disk that hangs is ErrStalled, and the
// blob is there or not.
func (s *Staged) Keep() error {
	_, err := within(func() (struct{}, error) {
		// A crash behind this leaves the blob under its name or in tmp; it is whole, and nobody was told of it.
		to := filepath.Join(s.dir.path, s.Digest.path())
		if err := os.Rename(s.file, to); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, syncDir(filepath.Dir(to))
	}, nil)
	return err
}

// Discard removes what was not kept.
func (s *Staged) Discard() { _ = os.Remove(s.file) }

func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// syncEach is how many bytes are put on the disk at a time, so that one wait for it is short.
const syncEach = 8 << 20

// fill copies r to f, puts it on the disk and hashes it.
func fill(f *os.File, r io.Reader, limit int64) (digest Digest, size int64, err error) {
	h := sha256.New()
	for unsynced := int64(0); ; {
		buf := make([]byte, 256<<10) // not the last one: a write of that may hang
		n, err := r.Read(buf)
		if size += int64(n); size > limit {
			return Digest{}, 0, fmt.Errorf("%w: more than %d bytes", ErrTooBig, limit)
		}
		h.Write(buf[:n])
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return Digest{}, 0, err
		}
		unsynced += int64(n)
		sync := ended || unsynced >= syncEach
		if _, err := within(func() (struct{}, error) { return struct{}{}, write(f, buf[:n], sync) }, nil); err != nil {
			return Digest{}, 0, err
		}
		if ended {
			return Digest(h.Sum(nil)), size, nil
		}
		if sync {
			unsynced = 0
		}
	}
}

func write(f *os.File, text []byte, sync bool) error {
	_, err := f.Write(text)
	if err == nil && sync {
		err = f.Sync()
	}
	return err
}

// patience is how long one step waits for the disk.
const patience = 1500 * time.Millisecond

// within does a step on the disk, and gives up waiting for it after a while: ErrStalled. What the step gives when nobody
// waits for it any more goes to late.
func within[T any](step func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := step()
		done <- result{value, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		go func() {
			if r := <-done; r.err == nil && late != nil {
				late(r.value)
			}
		}()
		var none T
		return none, ErrStalled
	}
}
