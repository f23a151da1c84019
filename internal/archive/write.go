package archive

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// Writer writes an archive that Read reads under the same limits. After an error, what
// it has written is no archive.
type Writer struct {
	counted
	out *sink
	zip *gzip.Writer
	err error
}

// sink counts the compressed bytes.
type sink struct {
	w       io.Writer
	written int64
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.written += int64(n)
	return n, err
}

// NewWriter makes a Writer to w.
func NewWriter(w io.Writer, limits Limits) *Writer {
	out := &sink{w: w}
	return &Writer{counted: counted{limits: limits}, out: out, zip: gzip.NewWriter(out)}
}

// Add writes a file of e.Size bytes, which content must have to the byte. Names and
// sizes that Read would refuse wrap ErrArchive, as does a content of another length.
func (w *Writer) Add(e Entry, content io.Reader) error {
	if w.err == nil {
		w.err = w.add(e, content)
	}
	return w.err
}

func (w *Writer) add(e Entry, content io.Reader) error {
	if err := w.take(e); err != nil {
		return err
	}
	if e.Size > maxSize {
		return refuse(e.Name, "%d bytes, more than a ustar header can say", e.Size)
	}
	h := header(e)
	if _, err := w.zip.Write(h[:]); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	switch n, err := io.CopyN(w.zip, content, e.Size); {
	case errors.Is(err, io.EOF):
		return refuse(e.Name, "it has %d bytes and not %d: it changed while it was read", n, e.Size)
	case err != nil:
		return fmt.Errorf("write archive: entry %q: %w", e.Name, err)
	}
	if n, err := io.ReadFull(content, make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return refuse(e.Name, "it has more than %d bytes: it changed while it was read", e.Size)
	}
	_, err := w.zip.Write(make([]byte, -e.Size&(block-1)))
	return err
}

// Close writes the archive's end; the writer below stays open. Files that compress so
// well that a reader would take them for a bomb wrap ErrArchive.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if _, w.err = w.zip.Write(make([]byte, 2*block)); w.err == nil {
		w.err = w.zip.Close()
	}
	if w.err == nil && w.total > slack+w.limits.Ratio*w.out.written {
		w.err = fmt.Errorf("%w: its files are compressed by more than %d: a reader takes it for a decompression bomb", ErrArchive, w.limits.Ratio)
	}
	return w.err
}
