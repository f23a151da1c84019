package archive

import (
	"errors"
	"fmt"
	"io"
)

// source counts the compressed bytes, and remembers an error of the disk's: that one
// says nothing of the archive.
type source struct {
	r      io.Reader
	read   int64
	failed error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// callersError is what the caller's own function said.
type callersError struct{ error }

// explain gives an error its place, and tells what is wrong with the archive from what
// is not.
func (s *source) explain(at string, err error) error {
	var theirs callersError
	switch {
	case err == nil:
		return nil
	case s.failed != nil:
		return fmt.Errorf("read the archive: %w", s.failed)
	case errors.As(err, &theirs):
		return theirs.error
	case errors.Is(err, ErrArchive):
		return err
	}
	return s.damage(at, err)
}

// damage is told where a decompressor or a length stumbles.
func (s *source) damage(at string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it is cut short")
	}
	if at == "" {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return fmt.Errorf("%w: at or after entry %.120q: %w", ErrArchive, at, err)
}

// measured refuses what grows too much, before more of it is read.
type measured struct {
	from  io.Reader
	in    *source
	ratio int64
	given int64
	err   error // what ended it; told again at each call
}

func (m *measured) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.from.Read(p)
	m.given += int64(n)
	if m.given > slack+m.ratio*m.in.read {
		err = fmt.Errorf("%w: %d bytes come of %d compressed ones, more than %d times as many: a decompression bomb", ErrArchive, m.given, m.in.read, m.ratio)
	}
	m.err = err
	return n, err
}
