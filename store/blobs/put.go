package blobs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
// are ErrTooBig. An error leaves nothing. The caller calls Discard in the end.
func (d *Dir) Stage(r io.Reader, limit int64) (*Staged, error) {
	f, err := os.CreateTemp(filepath.Join(d.path, "tmp"), "put-*") // with mode 0600
	if err != nil {
		return nil, err
	}
	s := &Staged{dir: d, file: f.Name()}
	s.Digest, s.Size, err = fill(f, r, limit)
	// A crash before this, or behind it, leaves a file in tmp.
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		s.Discard()
		return nil, err
	}
	return s, nil
}

// Open opens what was staged, to be read from its beginning. It is not proved: the caller reads what it wrote.
func (s *Staged) Open() (*os.File, error) { return os.Open(s.file) }

// Keep makes it the blob of its digest. Once it returns, the blob is on the disk.
func (s *Staged) Keep() error {
	// A crash behind this leaves the blob under its name or in tmp; it is whole, and nobody was told of it.
	to := filepath.Join(s.dir.path, s.Digest.path())
	if err := os.Rename(s.file, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// Discard removes what was not kept.
func (s *Staged) Discard() { _ = os.Remove(s.file) }

// fill copies r to f and hashes it.
func fill(f *os.File, r io.Reader, limit int64) (digest Digest, size int64, err error) {
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		if size += int64(n); size > limit {
			return Digest{}, 0, fmt.Errorf("%w: more than %d bytes", ErrTooBig, limit)
		}
		h.Write(buf[:n])
		if _, werr := f.Write(buf[:n]); werr != nil {
			return Digest{}, 0, werr
		}
		if errors.Is(err, io.EOF) {
			return Digest(h.Sum(nil)), size, nil
		}
		if err != nil {
			return Digest{}, 0, err
		}
	}
}
