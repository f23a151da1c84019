package document

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// MaxSize caps a document, in bytes.
const MaxSize = 1 << 30

// Read reads one document from r to its end, and keeps no more of it than an
// element and 16 bytes of each identifier. An error is, by errors.Is, one of
// ErrForm, ErrVersion and ErrInvalid, and then one line that says where and
// what; or what r says. It may be called by many at once.
func Read(r io.Reader) (*Document, error) {
	capped := &capped{r: r, left: MaxSize}
	text := bufio.NewReaderSize(capped, 64<<10)
	head, err := text.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	form, err := recognise(head)
	if err != nil {
		return nil, err
	}
	switch form {
	case JSON:
		return readJSON(text)
	case XML:
		return readXML(text)
	}
	return readTagValue(text)
}

// capped ends a document that is too large.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, &refusal{ErrInvalid, fmt.Sprintf("the document has more than %d MiB", MaxSize>>20)}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
