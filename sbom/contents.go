package sbom

import (
	"fmt"
	"io"

	"stellad/attest/sealed"
	"stellad/attest/trust"
	"stellad/internal/archive"
)

// SignerOf is who may sign an archive.
type SignerOf = trust.Signer

// contents are an archive's files as they come by: the SBOM measured, the others whole.
type contents struct {
	read  Reader
	next  int // of the layout, the SBOM counted
	sbom  sealed.File
	small map[string][]byte

	about   *Described // where the SBOM was read and is valid
	invalid error      // why it is not
}

// wanted names the file that must come next.
func (c *contents) wanted() string {
	switch {
	case c.next == 0:
		return "the SBOM, such as sbom.cdx.json,"
	case c.next > len(layout):
		return "no file"
	}
	return layout[c.next-1]
}

// take takes the next file of the layout.
func (c *contents) take(e archive.Entry, r io.Reader) error {
	if c.next == 0 && !isSBOM(e.Name) || c.next > 0 && e.Name != c.wanted() {
		return fmt.Errorf("%w: entry %q stands where %s is wanted", archive.ErrArchive, e.Name, c.wanted())
	}
	c.next++
	if c.next == 1 {
		return c.takeSBOM(e, r)
	}
	if e.Size > maxSmall {
		return fmt.Errorf("%w: entry %q: %d bytes, more than the %d that it may have", archive.ErrArchive, e.Name, e.Size, maxSmall)
	}
	content := make([]byte, e.Size)
	_, err := io.ReadFull(r, content)
	c.small[e.Name] = content
	return err
}

// takeSBOM measures the SBOM, whether it is valid or not: it is signed as it is.
func (c *contents) takeSBOM(e archive.Entry, r io.Reader) error {
	skip := func(io.Reader) (*Described, error) { return nil, nil }
	about, f, err := readSBOM(r, func(r io.Reader) (*Described, error) {
		if c.read == nil {
			return skip(r)
		}
		about, err := c.read(r)
		c.invalid = err
		return about, nil
	})
	f.Name = e.Name
	c.about, c.sbom = about, f
	if c.invalid != nil {
		c.about = nil
	}
	return err
}
