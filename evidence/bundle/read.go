package bundle

import (
	"fmt"
	"io"

	"stellad/internal/archive"
)

// Documents hands over the documents of a bundle that Verify found to be verified, one after the other, each with its
// content, which what it leaves is skipped of. Read again, it must be the same bytes. Errors wrap ErrBundle or
// archive.ErrArchive, or are those of r and of each.
func Documents(r io.Reader, each func(Document, io.Reader) error) error {
	said := map[string]Document{}
	return archive.Read(r, limits, func(e archive.Entry, content io.Reader) error {
		if e.Name == verdictsName {
			text, err := io.ReadAll(io.LimitReader(content, maxAttestation+1))
			if err != nil {
				return err
			}
			documents, err := parseVerdicts(text)
			for _, d := range documents {
				said[d.SHA256] = d
			}
			return err
		}
		sha256, of, is := ofName(e.Name)
		if !is || of == "" {
			return nil
		}
		d, listed := said[sha256]
		if !listed || d.Kind != of {
			return fmt.Errorf("%w: %s is not in %s", ErrBundle, e.Name, verdictsName)
		}
		d.Size = e.Size
		return each(d, content)
	})
}
