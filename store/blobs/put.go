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
	f, err := os.CreateTemp(filepath.Join(d.path, "tmp"), "put-*") // with mode 0600
	if err != nil {
		return Digest{}, 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	digest, size, err = fill(f, r, limit)
	// A crash before this, or behind it, leaves a file in tmp.
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return Digest{}, 0, err
	}
	// A crash behind this leaves the blob under its name or in tmp; it is whole, and nobody was told of it.
	to := filepath.Join(d.path, digest.path())
	if err := os.Rename(f.Name(), to); err != nil {
		return Digest{}, 0, err
	}
	if err := syncDir(filepath.Dir(to)); err != nil {
		return Digest{}, 0, err
	}
	return digest, size, nil
}

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
