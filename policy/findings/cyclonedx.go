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
	vulnerabilities []cdxVulnerability // nil where the document has no list of them
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
	Ref        string    `json:"bom-ref" xml:"bom-ref,attr"`
	ID         *string   `json:"id" xml:"id"`
	Source     cdxSource `json:"source" xml:"source"`
	References []struct {
		ID string `json:"id" xml:"id"`
	} `json:"references" xml:"references>reference"`
	Ratings []cdxRating `json:"ratings" xml:"ratings>rating"`
	Affects []struct {
		Ref string `json:"ref" xml:"ref"`
	} `json:"affects" xml:"affects>target"`
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

func (r *reading) addCycloneDX(c *cdxReport) error {
	packages := map[string]Package{}
	note(packages, append(c.components, c.subject))
	for i, v := range c.vulnerabilities {
		path := fmt.Sprintf("/vulnerabilities/%d", i)
		in := []Package{{}} // the document's subject, where nothing is named
		for _, a := range v.Affects {
			in = append(in, affected(packages, a.Ref))
		}
		f := v.finding()
		for _, f.Package = range in[min(len(v.Affects), 1):] {
			if err := r.add(path, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps components by their references.
func note(packages map[string]Package, components []cdxComponent) {
	for _, c := range components {
		name := c.Name
		if c.Group != "" {
			name = c.Group + "/" + c.Name
		}
		if c.Ref != "" {
			packages[c.Ref] = Package{Name: name, Version: c.Version, PURL: c.PURL}
		}
		note(packages, c.Components)
	}
}

// affected finds a component, which may be another document's: it is named by its reference then.
func affected(packages map[string]Package, ref string) Package {
	if p, is := packages[ref]; is {
		return p
	}
	if strings.HasPrefix(ref, "pkg:") {
		return Package{Name: ref, PURL: ref}
	}
	return Package{Name: ref}
}

func (v cdxVulnerability) finding() Finding {
	f := Finding{Severity: unknown}
	for _, reference := range v.References {
		f.Aliases = append(f.Aliases, reference.ID)
	}
	switch {
	case v.ID != nil: // one that is empty is refused
		f.ID = *v.ID
	case len(f.Aliases) > 0:
		f.ID = f.Aliases[0]
	default:
		f.ID = v.Ref
	}
	var words []string
	for _, rating := range v.Ratings {
		if rating.Severity != "" {
			words = append(words, severity(rating.Severity))
		}
		if s := rating.score(v.Source); s.Vector != "" || s.Stated != nil {
			f.Scores = append(f.Scores, s)
		}
	}
	f.Severity = worst(words)
	return f
}

// score is a rating's, by who is named for it or else for the vulnerability. What is on another scale than CVSS's is none.
func (c cdxRating) score(of cdxSource) Score {
	if c.Method != "" && !strings.HasPrefix(c.Method, "CVSS") {
		return Score{}
	}
	s := Score{By: source(c.Source.Name), Vector: c.Vector, Stated: c.Score}
	if c.Source.Name == "" {
		s.By = source(of.Name)
	}
	if prefix := cdxPrefixes[c.Method]; s.Vector != "" && !strings.HasPrefix(s.Vector, "CVSS:") {
		s.Vector = prefix + s.Vector
	}
	return s
}

// cdxPrefixes complete vectors that do not say their version, as the specification's own examples are.
var cdxPrefixes = map[string]string{"CVSSv3": "CVSS:3.0/", "CVSSv31": "CVSS:3.1/", "CVSSv4": "CVSS:4.0/"}
