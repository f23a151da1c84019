package strictxml

import (
	"bufio"
	"errors"
	"io"
)

var errTooLarge = errors.New("too large")

// source gives one byte at a time, as encoding/xml then reads no further than
// the token that was asked for. It keeps the token's first bytes.
type source struct {
	r    *bufio.Reader
	left int    // bytes that the token may still have
	tag  []byte // its first bytes
	err  error  // what the reader said, but for the end
}

func (s *source) start() { s.left, s.tag = MaxToken, s.tag[:0] }

func (s *source) Read([]byte) (int, error) { return 0, errors.New("strictxml: read byte by byte") }

// ReadByte counts the bytes of the token under way.
func (s *source) ReadByte() (byte, error) {
	if s.left--; s.left < 0 {
		return 0, errTooLarge
	}
	b, err := s.r.ReadByte()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			s.err = err
		}
		return 0, err
	}
	if len(s.tag) < maxTag {
		s.tag = append(s.tag, b)
	}
	return b, nil
}
