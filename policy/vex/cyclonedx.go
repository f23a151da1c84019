package vex

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"stellad/sbom/document"
)

// cycloneReader is a CycloneDX document under way.
type cycloneReader struct {
	id, author string
	made       time.Time
	parts      cycloneParts
}

func readCycloneDX(text []byte) ([]Statement, error) {
	doc, err := document.Read(bytes.NewReader(text))
	switch {
	case err != nil:
		return nil, err
	case doc.Format != document.CycloneDX:
		return nil, errors.New("it is " + string(doc.Format))
	case doc.Encoding != document.JSON:
		return nil, errors.New("VEX is read from CycloneDX in JSON alone")
	}
	object, err := decode(text)
	if err != nil {
		return nil, err
	}
	r := &cycloneReader{id: cycloneID(object), author: cycloneAuthor(object["metadata"])}
	if r.made, err = timeAt("/metadata", object["metadata"], "timestamp"); err != nil {
		return nil, err
	}
	r.parts.read(object)
	return r.statements(listAt(object, "vulnerabilities"))
}

// cycloneID is the name by which BOM-Links call the document; empty if it has
// no serial number.
func cycloneID(object map[string]any) string {
	serial, ok := strings.CutPrefix(strings.ToLower(textAt(object, "serialNumber")), "urn:uuid:")
	if !ok {
		return ""
	}
	version := "1"
	if number, ok := object["version"].(interface{ String() string }); ok {
		version = number.String()
	}
	return "urn:cdx:" + serial + "/" + version
}

func cycloneAuthor(metadata any) string {
	var names []string
	for _, author := range listAt(metadata, "authors") {
		if name := textAt(author, "name"); name != "" {
			names = append(names, name)
		}
	}
	for _, organisation := range []string{"manufacturer", "manufacture", "supplier"} {
		if name := textAt(metadata, organisation, "name"); len(names) == 0 && name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// statements makes one of each vulnerability that was analysed; others are what
// a scanner found.
func (r *cycloneReader) statements(vulnerabilities []any) ([]Statement, error) {
	var list []Statement
	for i, value := range vulnerabilities {
		if textAt(value, "analysis", "state") == "" {
			continue
		}
		s, err := r.statement("/vulnerabilities/"+strconv.Itoa(i), value)
		if err != nil {
			return nil, err
		}
		list = append(list, *s)
	}
	return list, nil
}

func (r *cycloneReader) statement(path string, value any) (*Statement, error) {
	s := &Statement{Document: r.id, Author: r.author, Vulnerability: textAt(value, "id")}
	if strings.TrimSpace(s.Vulnerability) == "" {
		return nil, wrong(path+"/id", "it is missing: an analysis of no vulnerability")
	}
	for _, reference := range listAt(value, "references") {
		s.Aliases = append(s.Aliases, textAt(reference, "id"))
	}
	s.Aliases = unique(s.Aliases)
	analysis := at(value, "analysis")
	if err := r.when(path+"/analysis", analysis, s); err != nil {
		return nil, err
	}
	cycloneStatus(value, analysis, s)
	affects := listAt(value, "affects")
	if len(affects) == 0 {
		return nil, wrong(path+"/affects", "it is missing: an analysis about no product")
	}
	for _, affected := range affects {
		s.Products = append(s.Products, r.parts.products(affected, s.Status)...)
	}
	return s, nil
}

// when says since when the analysis stands: its own times, else the document's.
func (r *cycloneReader) when(path string, analysis any, s *Statement) error {
	issued, err := timeAt(path, analysis, "firstIssued")
	if err != nil {
		return err
	}
	updated, err := timeAt(path, analysis, "lastUpdated")
	if err != nil {
		return err
	}
	if s.Made = latest(issued, updated); s.Made.IsZero() {
		s.Made = r.made
	}
	return nil
}

// cycloneLabels are the justifications of CycloneDX that say what one of
// OpenVEX's says. The others have several or none, and are kept in words.
var cycloneLabels = map[string]string{
	"code_not_present":   "vulnerable_code_not_present",
	"code_not_reachable": "vulnerable_code_not_in_execute_path",
}

func cycloneStatus(value, analysis any, s *Statement) {
	state, detail := textAt(analysis, "state"), textAt(analysis, "detail")
	switch state {
	case "not_affected", "false_positive":
		justification := textAt(analysis, "justification")
		s.Status, s.Justification = NotAffected, cycloneLabels[justification]
		if s.Justification != "" {
			justification = ""
		}
		s.Impact = lines(strings.TrimPrefix(state, "not_affected"), justification, detail)
	case "exploitable":
		s.Status = Affected
		s.Action = lines(strings.Join(textsAt(analysis, "response"), ", "), detail, textAt(value, "recommendation"), textAt(value, "workaround"))
	case "resolved", "resolved_with_pedigree":
		s.Status, s.Notes = Fixed, detail
	default: // in_triage: the schema knows no other
		s.Status, s.Notes = UnderInvestigation, detail
	}
}

// lines joins those that are not empty.
func lines(texts ...string) string {
	var list []string
	for _, text := range texts {
		if text != "" {
			list = append(list, text)
		}
	}
	return strings.Join(list, "\n")
}
