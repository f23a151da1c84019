package document

import (
	"io"
	"slices"
	"strings"
	"sync"

	"stellad/sbom/fault"
	"stellad/sbom/jsondoc"
	"stellad/sbom/schemas"
)

// The names of the schemas, which say format and version.
const spdxSchema = "SPDX 2.3"

var cycloneVersions = []string{"1.4", "1.5", "1.6"}

// jsonSchemas are compiled when the first document in JSON is read.
var jsonSchemas = sync.OnceValue(func() []*jsondoc.Schema {
	var list []*jsondoc.Schema
	for _, version := range cycloneVersions {
		list = append(list, compileJSON("CycloneDX "+version, "bom-"+version+".SNAPSHOT.schema.json"))
	}
	return append(list, compileJSON(spdxSchema, "spdx-schema-2.3.json"))
})

func compileJSON(name, file string) *jsondoc.Schema {
	schema, err := jsondoc.Compile(name, schemas.Files, file)
	if err != nil {
		panic(err) // it is embedded
	}
	return schema
}

// jsonReader is told what stands in a document in JSON.
type jsonReader struct {
	doc   Document
	ids   identifiers
	trail trail // to the value under way
	spdx  described
}

func readJSON(r io.Reader) (*Document, error) {
	j := &jsonReader{doc: Document{Encoding: JSON}, ids: identifiers{}}
	if err := jsondoc.Read(r, jsonSchemas(), j); err != nil {
		return nil, invalid(j.name(), err)
	}
	switch {
	case j.doc.Version != "":
	case j.doc.Format != "":
		return nil, wrongVersion(j.doc.Format, "")
	default:
		return nil, wrongForm("JSON that is no SBOM")
	}
	if j.doc.Format == SPDX {
		j.doc.Subjects = j.spdx.subjects()
	}
	return &j.doc, nil
}

func (j *jsonReader) name() string {
	switch {
	case j.doc.Version != "":
		return string(j.doc.Format) + " " + j.doc.Version + " in JSON"
	case j.doc.Format != "":
		return string(j.doc.Format) + " in JSON"
	}
	return "an SBOM in JSON"
}

// Wants is jsondoc.Visitor's: SPDX 3 says its version in its context.
func (j *jsonReader) Wants(name string) bool { return name == "@context" }

// Member is jsondoc.Visitor's.
func (j *jsonReader) Member(w *jsondoc.Walk, name string, value any) error {
	switch name {
	case "specVersion":
		return j.version(w, CycloneDX, value)
	case "spdxVersion":
		return j.version(w, SPDX, value)
	case "@context":
		return spdx3(value)
	case "bomFormat":
		if value == "CycloneDX" {
			j.doc.Format = CycloneDX
		}
	case "SPDXID":
		return j.documentID(w, value)
	case "serialNumber", "documentNamespace":
		j.doc.ID = asText(value)
	case "name":
		j.doc.Name = asText(value)
	case "creationInfo":
		j.creation(value)
	case "metadata":
		j.metadata(value)
	}
	j.trail = trail{named(name)}
	return j.scan(value, w.Line())
}

// version settles which schema the document is held against.
func (j *jsonReader) version(w *jsondoc.Walk, format Format, value any) error {
	if j.doc.Version != "" {
		return fault.At(w.Line(), "", "it says to be CycloneDX and SPDX")
	}
	text, ok := value.(string)
	if !ok {
		return &refusal{ErrVersion, string(format) + " whose version is no text is not read here"}
	}
	version := text
	if format == SPDX {
		version = strings.TrimPrefix(text, "SPDX-")
	}
	w.Keep(func(name string) bool { return name == string(format)+" "+version })
	if !isRead(format, text) {
		return wrongVersion(format, text)
	}
	j.doc.Format, j.doc.Version = format, version
	j.doc.MediaType = "application/spdx+json"
	if format == CycloneDX {
		j.doc.MediaType = "application/vnd.cyclonedx+json; version=" + version
	}
	return nil
}

func isRead(format Format, version string) bool {
	if format == SPDX {
		return version == "SPDX-2.3"
	}
	return slices.Contains(cycloneVersions, version)
}

// spdx3 refuses SPDX 3, which is JSON-LD.
func spdx3(value any) error {
	_, rest, ok := strings.Cut(asText(value), "spdx.org/rdf/")
	if !ok {
		return nil
	}
	version, _, _ := strings.Cut(rest, "/")
	return wrongVersion(SPDX, "SPDX-"+version)
}

func (j *jsonReader) documentID(w *jsondoc.Walk, value any) error {
	if j.doc.Format == "" {
		j.doc.Format = SPDX
	}
	if value != "SPDXRef-DOCUMENT" {
		return fault.At(w.Line(), "/SPDXID", "%s is not SPDXRef-DOCUMENT", fault.Quote(asText(value)))
	}
	return j.ids.add(asText(value), w.Line(), func() string { return "/SPDXID" })
}

// Element is jsondoc.Visitor's.
func (j *jsonReader) Element(array string, index, line int, value any) error {
	j.trail = append(j.trail[:0], named(array), step{index: index})
	switch array {
	case "packages":
		j.doc.Components++
		return j.spdxElement(value, line)
	case "files", "snippets":
		return j.spdxElement(value, line)
	case "documentDescribes":
		j.spdx.describe(asText(value))
		return nil
	case "relationships":
		j.relationship(value)
		return nil
	case "components":
		j.doc.Components += 1 + within(value)
	}
	return j.scan(value, line)
}
