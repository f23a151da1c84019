package blobs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A Reader reads a blob and holds it against its name. Its end is io.EOF only when all that it gave out was the blob;
// else it is ErrDamaged. Who may not act on bytes before they are proved uses ReadAll.
type Reader struct {
	f      *os.File
	digest Digest
	size   int64
	h      hash.Hash
	end    error
}

// Get opens a blob. ErrNotFound where there is none, ErrDamaged where something else lies in its place.
func (d *Dir) Get(digest Digest) (*Reader, error) {
	f, size, err := d.open(digest)
	if err != nil {
		return nil, err
	}
	return &Reader{f: f, digest: digest, size: size, h: sha256.New()}, nil
}

// open follows no symbolic link: a link is no blob.
func (d *Dir) open(digest Digest) (*os.File, int64, error) {
	fd, err := openBeneath(int(d.f.Fd()), strings.Split(digest.path(), "/"))
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, 0, fmt.Errorf("%w: %s", ErrNotFound, digest)
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENOTDIR):
		return nil, 0, fmt.Errorf("%w: %s is no file", ErrDamaged, digest)
	case err != nil:
		return nil, 0, fmt.Errorf("%s: %w", digest, err)
	}
	f := os.NewFile(uintptr(fd), digest.path())
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is no file", ErrDamaged, digest)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, st.Size(), nil
}

// openBeneath opens a file below a folder, name by name, and passes no link. openat2 would do so at once, and is not there
// in a sandbox that forbids set-user-ID files (systemd.exec(5), RestrictSUIDSGID=): its arguments can't be filtered.
func openBeneath(at int, names []string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW
	if len(names) == 1 {
		return unix.Openat(at, names[0], flags|unix.O_NONBLOCK, 0) // a named pipe would block
	}
	folder, err := unix.Openat(at, names[0], flags|unix.O_DIRECTORY, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(folder) //nolint:errcheck // nothing was written
	return openBeneath(folder, names[1:])
}

// Size returns how long the file is, in bytes. It is the blob's size where the whole proves to be the blob.
func (r *Reader) Size() int64 { return r.size }

// Read is io.Reader's.
func (r *Reader) Read(p []byte) (int, error) {
	if r.end != nil {
		return 0, r.end
	}
	n, err := r.f.Read(p)
	r.h.Write(p[:n])
	if errors.Is(err, io.EOF) && Digest(r.h.Sum(nil)) != r.digest {
		err = fmt.Errorf("%w: %s", ErrDamaged, r.digest)
	}
	r.end = err
	return n, err
}

// Close is io.Closer's. It proves nothing of what was not read.
func (r *Reader) Close() error { return r.f.Close() }

// ReadAll returns a blob that is proved, or an error: ErrNotFound, ErrDamaged, or ErrTooBig for more than limit bytes.
func (d *Dir) ReadAll(digest Digest, limit int64) ([]byte, error) {
	r, err := d.Get(digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, of at most %d", ErrTooBig, digest, r.size, limit)
	}
	b := make([]byte, 0, r.size+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		case int64(len(b)) > limit:
			return nil, fmt.Errorf("%w: %s grew beyond %d bytes", ErrTooBig, digest, limit)
		case len(b) == cap(b): // it grows while it is read
			b = append(b, 0)[:len(b)]
		}
	}
}

// Has tells whether a file lies under the name. It does not read it.
func (d *Dir) Has(digest Digest) (bool, error) {
	f, _, err := d.open(digest)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}
