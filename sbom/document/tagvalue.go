package document

import (
	"errors"
	"io"
	"strings"

	"stellad/sbom/tagvalue"
)

// tagReader is told the fields of a document in tag-value.
type tagReader struct {
	doc  Document
	spdx described
	open Subject // the package or file under way
}

func readTagValue(r io.Reader) (*Document, error) {
	t := &tagReader{doc: Document{Format: SPDX, Version: "2.3", Encoding: TagValue, MediaType: "text/spdx"}}
	err := tagvalue.Read(r, t.field)
	var version *tagvalue.VersionError
	if errors.As(err, &version) {
		return nil, wrongVersion(SPDX, version.Found)
	}
	if err != nil {
		return nil, invalid("SPDX 2.3 in tag-value", err)
	}
	t.close()
	t.doc.Subjects = t.spdx.subjects()
	return &t.doc, nil
}

func (t *tagReader) close() {
	if t.open.ID != "" {
		t.spdx.keep(t.open)
	}
	t.open = Subject{}
}

func (t *tagReader) field(f tagvalue.Field) error {
	switch f.Tag {
	case "DocumentName":
		t.doc.Name = f.Value
	case "DocumentNamespace":
		t.doc.ID = f.Value
	case "Created":
		t.doc.Created = f.Value
	case "Creator":
		t.doc.addCreator(f.Value)
	case "PackageName":
		t.doc.Components++
		t.close()
		t.open.Name = f.Value
	case "FileName", "SnippetSPDXID", "LicenseID":
		t.close()
		t.open.Name = f.Value
	case "SPDXID":
		if f.Section != tagvalue.Creation {
			t.open.ID = f.Value
		}
	case "PackageVersion":
		t.open.Version = f.Value
	case "PackageChecksum", "FileChecksum":
		algorithm, value, _ := strings.Cut(f.Value, ":")
		t.open.Hashes = append(t.open.Hashes, Hash{algorithm, strings.TrimSpace(value)})
	case "ExternalRef":
		if parts := strings.Fields(f.Value); parts[1] == "purl" && t.open.PURL == "" {
			t.open.PURL = parts[2]
		}
	case "Relationship":
		parts := strings.Fields(f.Value)
		t.spdx.relate(parts[0], parts[1], parts[2])
	}
	return nil
}
