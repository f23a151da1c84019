package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// Read reads an archive once, and hands over each file as it comes. The reader that
// each is given ends with the file; what each leaves unread is skipped. What was
// handed over counts for nothing until Read returns without an error: checksum and
// end are the last that is seen. Errors wrap ErrArchive and name the entry, or are
// those of r and of each.
func Read(r io.Reader, limits Limits, each func(Entry, io.Reader) error) error {
	in := &source{r: r}
	buffered := bufio.NewReader(in)
	unzipped, err := unzip(buffered)
	if err != nil {
		return in.explain("", err)
	}
	t := &reader{r: &measured{from: unzipped, in: in, ratio: limits.Ratio}, counted: counted{limits: limits}}
	if err := t.files(each); err != nil {
		return in.explain(t.at, err)
	}
	return in.explain(t.at, end(t.r, buffered))
}

// gzipHeader is the one header but for its XFL, which says how hard the writer tried.
// RFC 1952 §2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

func unzip(r *bufio.Reader) (*gzip.Reader, error) {
	head, err := r.Peek(len(gzipHeader))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(head[:8], gzipHeader[:8]) || head[9] != gzipHeader[9] || head[8]&^6 != 0 {
		return nil, fmt.Errorf("%w: it does not begin with the header of a gzip file without name, time and system", ErrArchive)
	}
	z, err := gzip.NewReader(r)
	if err == nil {
		z.Multistream(false)
	}
	return z, err
}

// end sees that nothing follows the tar, nor the gzip member whose checksum it checks.
func end(unzipped io.Reader, rest io.Reader) error {
	for _, r := range []struct {
		io.Reader
		what string
	}{{unzipped, "tar's"}, {rest, "gzip member's"}} {
		switch n, err := io.ReadFull(r, make([]byte, 1)); {
		case n > 0:
			return fmt.Errorf("%w: bytes follow the %s end", ErrArchive, r.what)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	return nil
}

// reader is a tar on its way through.
type reader struct {
	counted
	r  *measured
	at string // the entry under way
}

func (t *reader) files(each func(Entry, io.Reader) error) error {
	for {
		var h [block]byte
		if _, err := io.ReadFull(t.r, h[:]); err != nil {
			return cut(err)
		}
		if h == [block]byte{} {
			return t.trailer()
		}
		if err := t.file(&h, each); err != nil {
			return err
		}
	}
}

func (t *reader) file(h *[block]byte, each func(Entry, io.Reader) error) error {
	e, err := parse(h)
	t.at = e.Name
	if err == nil {
		err = t.take(e)
	}
	if err != nil {
		return err
	}
	content := &io.LimitedReader{R: t.r, N: e.Size}
	if err := each(e, whole{content}); err != nil {
		if t.r.err != nil {
			return cut(t.r.err) // it is why they failed
		}
		return callersError{err}
	}
	if _, err := io.Copy(io.Discard, whole{content}); err != nil {
		return err
	}
	return t.padding(e)
}

func (t *reader) padding(e Entry) error {
	rest := make([]byte, -e.Size&(block-1))
	if _, err := io.ReadFull(t.r, rest); err != nil && len(rest) > 0 {
		return cut(err)
	}
	if bytes.ContainsFunc(rest, func(r rune) bool { return r != 0 }) {
		return refuse(e.Name, "bytes that no reader shows follow it")
	}
	return nil
}

// trailer is the second of the two blocks by which a tar ends.
func (t *reader) trailer() error {
	var h [block]byte
	if _, err := io.ReadFull(t.r, h[:]); err != nil {
		return cut(err)
	}
	if h != [block]byte{} {
		return fmt.Errorf("%w: a block follows the tar's end", ErrArchive)
	}
	return nil
}

// whole is a file's content, which is cut short where it ends before its size.
type whole struct{ *io.LimitedReader }

func (w whole) Read(p []byte) (int, error) {
	n, err := w.LimitedReader.Read(p)
	if errors.Is(err, io.EOF) && w.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
