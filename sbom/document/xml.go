package document

import (
	"errors"
	"io"
	"strings"
	"sync"

	"stellad/sbom/fault"
	"stellad/sbom/schemas"
	"stellad/sbom/strictxml"
	"stellad/sbom/xsd"
)

const (
	cycloneSpace = "http://cyclonedx.org/schema/bom/"
	rdfSpace     = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	dsigSpace    = "http://www.w3.org/2000/09/xmldsig#"
)

// xmlSchemas are compiled when the first document of their version is read.
var xmlSchemas = map[string]func() *xsd.Schema{
	"1.4": compileXML("bom-1.4.SNAPSHOT.xsd"), "1.5": compileXML("bom-1.5.SNAPSHOT.xsd"), "1.6": compileXML("bom-1.6.SNAPSHOT.xsd"),
}

func compileXML(file string) func() *xsd.Schema {
	return sync.OnceValue(func() *xsd.Schema {
		schema, err := xsd.Compile(schemas.Files, file, "spdx.SNAPSHOT.xsd")
		if err != nil {
			panic(err) // it is embedded
		}
		return schema
	})
}

// xmlReader reads a CycloneDX document in XML.
type xmlReader struct {
	doc   Document
	in    *strictxml.Reader
	valid *xsd.Validator
	open  []opened
	text  []byte // of the innermost element, where it is wanted
	tool  Tool
	about Subject
	hash  Hash
	sig   *Signature // under way
	sigAt int        // how deep it stands
}

func readXML(r io.Reader) (*Document, error) {
	x := &xmlReader{doc: Document{Format: CycloneDX, Encoding: XML}, in: strictxml.NewReader(r)}
	for {
		token, err := x.in.Next()
		if errors.Is(err, io.EOF) {
			return &x.doc, nil
		}
		if err == nil {
			err = x.take(token)
		}
		if err != nil {
			return nil, invalid(strings.Replace("CycloneDX "+x.doc.Version+" in XML", "  ", " ", 1), err)
		}
	}
}

func (x *xmlReader) take(t strictxml.Token) error {
	if x.valid == nil {
		if err := x.root(t); err != nil {
			return err
		}
	}
	var reason string
	switch t.Kind {
	case strictxml.Start:
		x.push(t)
		if reason = x.valid.Start(t); reason == "" {
			x.started(t)
		}
	case strictxml.End:
		if reason = x.valid.End(); reason == "" {
			x.ended()
			x.pop()
		}
	case strictxml.Text:
		if reason = x.valid.Text(t.Text); reason == "" {
			x.collect(t.Text)
		}
	}
	if reason != "" {
		return fault.At(x.in.Line(), x.where(), "%s", reason)
	}
	return nil
}

// root finds the version, which the root's namespace says.
func (x *xmlReader) root(t strictxml.Token) error {
	version, ok := strings.CutPrefix(t.Name.Space, cycloneSpace)
	switch {
	case t.Name.Space == rdfSpace && t.Name.Local == "RDF":
		return wrongForm("RDF (SPDX, say)")
	case t.Name.Space == "" && t.Name.Local == "Document":
		return wrongForm("SPDX in XML")
	case !ok || t.Name.Local != "bom":
		return wrongForm("XML that is no CycloneDX")
	case xmlSchemas[version] == nil:
		return wrongVersion(CycloneDX, version)
	}
	x.doc.Version = version
	x.doc.MediaType = "application/vnd.cyclonedx+xml; version=" + version
	x.valid = xmlSchemas[version]().Validate()
	return nil
}
