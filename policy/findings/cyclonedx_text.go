package findings

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/go-json-experiment/json"

	"stellad/sbom/fault"
)

func cdxFromJSON(text []byte) (*cdxReport, error) {
	var doc struct {
		Metadata struct {
			Component cdxComponent `json:"component"`
		} `json:"metadata"`
		Components      []cdxComponent          `json:"components"`
		Services        []cdxComponent          `json:"services"`
		Vulnerabilities found[cdxVulnerability] `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, placed(text, err)
	}
	return &cdxReport{doc.Metadata.Component, append(doc.Components, doc.Services...), doc.Vulnerabilities}, nil
}

func cdxFromXML(text []byte) (*cdxReport, error) {
	var doc struct {
		Subject         cdxComponent   `xml:"metadata>component"`
		Components      []cdxComponent `xml:"components>component"`
		Services        []cdxComponent `xml:"services>service"`
		Vulnerabilities *struct {
			Each []cdxVulnerability `xml:"vulnerability"`
		} `xml:"vulnerabilities"`
	}
	in := xml.NewDecoder(bytes.NewReader(text))
	if err := xml.NewTokenDecoder(&spaced{in: in}).Decode(&doc); err != nil {
		return nil, fault.At(0, "", "%s", err)
	}
	c := &cdxReport{subject: doc.Subject, components: append(doc.Components, doc.Services...)}
	if doc.Vulnerabilities != nil {
		c.vulnerabilities = append([]cdxVulnerability{}, doc.Vulnerabilities.Each...)
	}
	return c, nil
}

// spaced leaves out elements that are not of the root's namespace. The schema lets them stand in most places, and the decoder
// would take one that is called id for an ID.
type spaced struct {
	in       *xml.Decoder
	name     string
	elements int
}

func (s *spaced) Token() (xml.Token, error) {
	for {
		token, err := s.in.Token()
		start, is := token.(xml.StartElement)
		if err != nil || !is {
			return token, err
		}
		if s.elements++; s.elements > maxElements {
			return nil, fmt.Errorf("more than %d elements", maxElements)
		}
		if s.name == "" {
			s.name = start.Name.Space
		}
		if start.Name.Space == s.name {
			return token, nil
		}
		if err := s.in.Skip(); err != nil {
			return nil, err
		}
	}
}
