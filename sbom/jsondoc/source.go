package jsondoc

import (
	"bytes"
	"errors"
	"io"
)

var errTooLarge = errors.New("too large")

// source counts the lines that were read, and gives no more bytes than the
// value under way may have.
type source struct {
	r     io.Reader
	lines int   // newlines read so far
	total int64 // bytes read so far
	limit int64 // total never exceeds it
	err   error // what the reader said, but for the end
}

func (s *source) Read(p []byte) (int, error) {
	left := s.limit - s.total
	if left <= 0 {
		return 0, errTooLarge
	}
	n, err := s.r.Read(p[:min(int64(len(p)), left)])
	s.total += int64(n)
	s.lines += bytes.Count(p[:n], []byte("\n"))
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
