package sbom

import (
	"fmt"
	"io"
	"strings"

	"stellad/sbom/document"
)

// ReadDocument is the Reader of the formats that an archive may have: package document's.
func ReadDocument(r io.Reader) (*Described, error) {
	d, err := document.Read(r)
	if err != nil {
		return nil, err
	}
	about := &Described{Format: string(d.Format), Version: d.Version, Encoding: strings.ToLower(string(d.Encoding)), Document: d}
	for _, t := range d.Tools {
		about.Tools = append(about.Tools, strings.TrimSpace(t.Name+" "+t.Version))
	}
	return about, nil
}

// scanner is the tool that an SBOM names first.
func (d *Described) scanner() (Scanner, error) {
	if d.Document != nil {
		for _, t := range d.Document.Tools {
			if t.Name != "" && t.Version != "" {
				return Scanner{Name: t.Name, Version: t.Version}, nil
			}
		}
	}
	return Scanner{}, fmt.Errorf("%w: it names no tool with its version: say NAME@VERSION of the scanner", ErrDraft)
}
