package findings

import (
	"bytes"
	"fmt"
	"strings"

	"stellad/sbom/document"
)

// A cdxReport is what a CycloneDX document, valid by its schema, says about vulnerabilities.
type cdxReport struct {
	subject         cdxComponent
	components      []cdxComponent
	vulnerabilities found[cdxVulnerability] // nil where the document has no list of them
}

type cdxComponent struct {
	Ref        string         `json:"bom-ref" xml:"bom-ref,attr"`
	Group      string         `json:"group" xml:"group"`
	Name       string         `json:"name" xml:"name"`
	Version    string         `json:"version" xml:"version"`
	PURL       string         `json:"purl" xml:"purl"`
	Components []cdxComponent `json:"components" xml:"components>component"`
}

type cdxVulnerability struct {
	Ref        string             `json:"bom-ref" xml:"bom-ref,attr"`
	ID         *string            `json:"id" xml:"id"`
	Source     cdxSource          `json:"source" xml:"source"`
	References each[cdxReference] `json:"references" xml:"references>reference"`
	Ratings    each[cdxRating]    `json:"ratings" xml:"ratings>rating"`
	Affects    found[cdxAffected] `json:"affects" xml:"affects>target"`
}

type cdxReference struct {
	ID string `json:"id" xml:"id"`
}

type cdxAffected struct {
	Ref string `json:"ref" xml:"ref"`
}

type cdxSource struct {
	Name string `json:"name" xml:"name"`
}

type cdxRating struct {
	Source   cdxSource `json:"source" xml:"source"`
	Score    *float64  `json:"score" xml:"score"`
	Severity string    `json:"severity" xml:"severity"`
	Method   string    `json:"method" xml:"method"`
	Vector   string    `json:"vector" xml:"vector"`
}

// readCycloneDX holds the document to its schema first, and then reads what it says.
func readCycloneDX(r *reading, text []byte) error {
	doc, err := document.Read(bytes.NewReader(text))
	if err != nil {
		return err
	}
	var c *cdxReport
	switch {
	case doc.Format != document.CycloneDX:
		return fmt.Errorf("it is %s and no CycloneDX", doc.Format)
	case doc.Encoding == document.XML:
		c, err = cdxFromXML(text)
	default:
		c, err = cdxFromJSON(text)
	}
	switch {
	case err != nil:
		return err
	case c.vulnerabilities == nil:
		return fmt.Errorf("%w: a CycloneDX document that has no list of vulnerabilities", ErrNotReport)
	}
	r.describe(doc)
	return r.addCycloneDX(c)
}

// describe takes over what the document says of itself.
func (r *reading) describe(doc *document.Document) {
	var tools []string
	for _, t := range doc.Tools[:min(len(doc.Tools), 10)] {
		tools = append(tools, tool(t.Name, t.Version))
	}
	r.report.Tool, r.report.Made = strings.Join(tools, ", "), utc(doc.Created)
	for _, s := range doc.Subjects {
		r.about(s.Version) // as Grype and Syft write an image's
		_, version, _ := strings.Cut(s.PURL, "@")
		version, _, _ = strings.Cut(version, "?")
		r.about(strings.Replace(version, "%3A", ":", 1))
		for _, h := range s.Hashes {
			if h.Algorithm == "SHA-256" {
				r.about("sha256:" + strings.ToLower(h.Value))
			}
		}
	}
}
