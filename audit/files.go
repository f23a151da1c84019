package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
)

// maxSmall bounds the files that are read whole: checkpoints, tiles, texts.
const maxSmall = 1 << 20

// files reads an export. A file that is missing is a verdict; one that can't be read
// is none.
type files struct{ fs.FS }

func (f files) open(name string) (fs.File, error) {
	file, err := f.Open(name)
	return file, missing(name, err)
}

func missing(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s: %w", ErrTampered, name, fs.ErrNotExist)
	}
	return unreadable(name, err)
}

// small reads a file of at most maxSmall bytes.
func (f files) small(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSmall+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(content) > maxSmall {
		return nil, tamperedf(name, "over %d bytes", maxSmall)
	}
	return content, nil
}

// same wants a file to be content, byte for byte.
func (f files) same(name string, content []byte) error {
	file, err := f.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	got := make([]byte, len(content)+1)
	n, err := io.ReadFull(file, got)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return unreadable(name, err)
	}
	if !bytes.Equal(got[:n], content) {
		return tamperedf(name, "it is not what the records give")
	}
	return nil
}

// lines gives a file's lines without their LF. Every line has one, and at most
// MaxLine bytes before it.
func (f files) lines(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		file, err := f.open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		r := bufio.NewReaderSize(file, MaxLine+1)
		for n := 1; ; n++ {
			line, err := r.ReadSlice('\n')
			switch {
			case errors.Is(err, io.EOF) && len(line) == 0:
				return
			case errors.Is(err, io.EOF):
				err = tamperedf(name, "line %d is cut short", n)
			case errors.Is(err, bufio.ErrBufferFull):
				err = tamperedf(name, "line %d has over %d bytes", n, MaxLine)
			case err != nil:
				err = unreadable(name, err)
			default:
				line = line[:len(line)-1]
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// compared is a file that is read along with what it should hold.
type compared struct {
	name string
	r    *bufio.Reader
	got  []byte
}

func (f files) compare(name string) (*compared, io.Closer, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, nil, err
	}
	return &compared{name: name, r: bufio.NewReaderSize(file, 1<<16)}, file, nil
}

func (c *compared) next(what string, want []byte) error {
	c.got = append(c.got[:0], want...)
	if _, err := io.ReadFull(c.r, c.got); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return unreadable(c.name, err)
	} else if err != nil || !bytes.Equal(c.got, want) {
		return tamperedf(c.name, "%s is not what the records give", what)
	}
	return nil
}

func (c *compared) end() error {
	_, err := c.r.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return unreadable(c.name, err)
	}
	return tamperedf(c.name, "it goes on after the last record")
}
