package ocilayout

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotLayout says that the file is no OCI image layout in an uncompressed tar, or is
	// one that Read does not take: damaged, ambiguous, too large, of an unknown
	// version, media type or digest algorithm.
	ErrNotLayout = errors.New("not a usable OCI image layout")

	// ErrTampered says that a blob is missing, or its size or digest is not what its name,
	// a descriptor or inline data says.
	ErrTampered = errors.New("image differs from its digests")
)

// notLayout's and tampered's messages say what is wrong and where, then what to
// do, on one line: strings from the file are quoted and cut in them.
func notLayout(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotLayout, fmt.Sprintf(format, args...))
}

func tampered(format string, args ...any) error {
	return fmt.Errorf("%w: %s: get the image again from where it was made", ErrTampered, fmt.Sprintf(format, args...))
}

func (a *archive) truncated() error {
	return notLayout("the tar is cut off at byte %d: copy the file again", a.size)
}

// tarError says what an error from reading the tar means.
func (a *archive) tarError(err error) error {
	switch {
	case errors.As(err, new(*readError)):
		return err
	case len(a.entries) == 0:
		return notLayout("the file is no tar (%v): save the image with skopeo copy … oci-archive:FILE", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return a.truncated()
	default:
		return notLayout("the tar is damaged after byte %d (%v): copy the file again", a.end, err)
	}
}

// source marks what the caller's reader returns, so that a failing disk is not
// taken for a damaged tar.
type source struct{ r io.ReaderAt }

func (s source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

type readError struct{ err error }

func (e *readError) Error() string { return "read image: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }
