package bundle

import (
	"bytes"
	"fmt"
	"io"

	"stellad/attest/sealed"
	"stellad/internal/archive"
)

// Write writes the bundle that a Sigstore bundle signs: of the draft's own statement, with one signature, one timestamp and
// a log entry. That they verify is the word of whoever made it, and of Verify. Errors wrap ErrDraft, archive.ErrArchive, or
// are those of w and the documents; after one, what was written is no bundle.
func (d *Draft) Write(w io.Writer, signed []byte) error {
	if err := d.write(w, signed); err != nil {
		return fmt.Errorf("write an evidence bundle: %w", err)
	}
	return nil
}

func (d *Draft) write(w io.Writer, signed []byte) error {
	front, err := d.heads(signed)
	if err != nil {
		return err
	}
	out := archive.NewWriter(w, limits)
	for i, name := range heads {
		if err := add(out, name, front[i]); err != nil {
			return err
		}
	}
	var beside map[string][]byte // of the document that was written last
	for _, f := range d.manifest.Files {
		if doc, is := d.documents[f.Name]; is {
			if beside, err = d.document(out, f, doc); err != nil {
				return err
			}
			continue
		}
		content, small := d.small[f.Name]
		if !small {
			content = beside[f.Name]
		}
		if err := add(out, f.Name, content); err != nil {
			return err
		}
	}
	return out.Close()
}

// heads gives the content of heads.
func (d *Draft) heads(signed []byte) ([][]byte, error) {
	doc, sides, err := sealed.Open(signed)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDraft, err)
	case !bytes.Equal(sides.Statement, d.statement.Bytes()):
		return nil, fmt.Errorf("%w: what is signed is another statement than the draft's", ErrDraft)
	case len(doc.LogEntries()) == 0:
		return nil, fmt.Errorf("%w: what is signed stands in no log", ErrDraft)
	}
	return [][]byte{d.manifest.Marshal(), sides.Statement, sides.PAE, sides.Signature, sides.Tokens[0], signed}, nil
}

// document writes a document, which must be what it was, and gives what is to stand beside it.
func (d *Draft) document(out *archive.Writer, f sealed.File, doc Document) (map[string][]byte, error) {
	r, w := io.Pipe()
	var sides []side
	read := make(chan error, 1)
	go func() {
		var err error
		sides, err = doc.read(w)
		w.CloseWithError(err)
		read <- err
	}()
	err := out.Add(archive.Entry{Name: f.Name, Size: f.Size}, r)
	_ = r.Close() // where Add failed, the reader of the document ends
	if readErr := <-read; err == nil {
		err = readErr
	}
	beside := map[string][]byte{}
	for _, s := range sides {
		beside[s.name] = s.content
	}
	return beside, err
}

func add(out *archive.Writer, name string, content []byte) error {
	return out.Add(archive.Entry{Name: name, Size: int64(len(content))}, bytes.NewReader(content))
}
