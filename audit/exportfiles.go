package audit

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// rest writes what is known only at the end.
func (e *exporter) rest() error {
	err := e.stream(fileAnnotations, e.note, e.writeAnnotations)
	if err != nil {
		return err
	}
	if err := e.stream(fileTable, e.table+int64(len(tableHead)), e.writeTable); err != nil {
		return err
	}
	files := map[string][]byte{fileKey: []byte(e.opts.Key.String() + "\n"), fileGuide: guide, fileVerifier: verifier}
	if e.consistency != nil {
		proof, err := e.consistency.proof()
		if err != nil {
			return err
		}
		files[fileSince], files[fileConsistency] = e.opts.Since, proof
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := e.file(name, files[name]); err != nil {
			return err
		}
	}
	return e.file(fileCheckpoint, e.opts.Checkpoint)
}

func (e *exporter) writeAnnotations(w io.Writer) error {
	for line, err := range e.annotations() {
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) writeTable(w io.Writer) error {
	if _, err := io.WriteString(w, tableHead); err != nil {
		return err
	}
	return inOrder(e.batches(), (*batch).read, func(b *batch) error {
		_, err := w.Write(b.table)
		return err
	})
}

func (e *exporter) file(name string, content []byte) error {
	if err := e.put(name, int64(len(content)), bytes.NewReader(content)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// stream puts a file that may be larger than memory, of a length that the walk
// found out.
func (e *exporter) stream(name string, size int64, write func(io.Writer) error) error {
	r, w := io.Pipe()
	var writing sync.WaitGroup
	writing.Go(func() { w.CloseWithError(write(w)) })
	counted := &counter{r: r}
	err := e.put(name, size, counted)
	r.CloseWithError(io.ErrClosedPipe)
	writing.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case counted.n != size:
		return fmt.Errorf("%s: %d bytes, not %d: the log changed while it was exported", name, counted.n, size)
	}
	return nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
