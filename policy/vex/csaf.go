package vex

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"stellad/sbom/fault"
)

// csafReader is a CSAF document under way.
type csafReader struct {
	tree       csafTree
	id, author string
	made       time.Time
	seen       map[string]bool // CVEs
	statements []Statement
	work       int // bytes that groups were multiplied to
}

func readCSAF(text []byte) ([]Statement, error) {
	object, err := decode(text)
	if err != nil {
		return nil, err
	}
	if err := csafVersion(object); err != nil {
		return nil, err
	}
	if err := csafSchema().Check(object); err != nil {
		return nil, err
	}
	r := &csafReader{seen: map[string]bool{}, author: textAt(object, "document", "publisher", "name")}
	tracking := at(object, "document", "tracking")
	r.id = textAt(object, "document", "publisher", "namespace") + "#" + textAt(tracking, "id") + "@" + textAt(tracking, "version")
	if r.made, err = timeAt("/document/tracking", tracking, "current_release_date"); err != nil {
		return nil, err
	}
	if err := r.tree.read(object["product_tree"]); err != nil {
		return nil, err
	}
	return r.statements, r.vulnerabilities(object)
}

// csafVersion settles what the document is before a schema that may not be its
// own speaks against it.
func csafVersion(object map[string]any) error {
	if version := at(object, "document", "csaf_version"); version != "2.0" {
		text, ok := version.(string)
		if !ok {
			return wrong("/document/csaf_version", "it is missing: only CSAF 2.0 is read here")
		}
		return wrong("/document/csaf_version", "CSAF %s is not read here, 2.0 is", fault.Quote(text))
	}
	if category := textAt(object, "document", "category"); category != "csaf_vex" {
		return wrong("/document/category", "a document of category %s is not read here, csaf_vex is", fault.Quote(category))
	}
	return nil
}

func (r *csafReader) vulnerabilities(object map[string]any) error {
	if object["product_tree"] == nil {
		return wrong("/product_tree", "it is missing (CSAF 2.0 6.1.27.4)")
	}
	if object["vulnerabilities"] == nil {
		return wrong("/vulnerabilities", "it is missing (CSAF 2.0 6.1.27.11)")
	}
	for i, value := range listAt(object, "vulnerabilities") {
		if err := r.vulnerability("/vulnerabilities/"+strconv.Itoa(i), value); err != nil {
			return err
		}
	}
	return nil
}

// csafStatuses are the members of product_status and what they say; of each
// group of one status, in the order in which they are told.
var csafStatuses = []struct{ member, status string }{
	{"first_affected", Affected},
	{"known_affected", Affected},
	{"last_affected", Affected},
	{"known_not_affected", NotAffected},
	{"first_fixed", Fixed},
	{"fixed", Fixed},
	{"recommended", Fixed}, // "These versions have a fix" (3.2.3.9.7)
	{"under_investigation", UnderInvestigation},
}

func (r *csafReader) vulnerability(path string, value any) error {
	names, err := r.names(path, value)
	if err != nil {
		return err
	}
	if err := r.contradicts(path, value); err != nil {
		return err
	}
	said, err := r.said(path, value)
	if err != nil {
		return err
	}
	for _, s := range csafStatuses {
		for i, product := range textsAt(value, "product_status", s.member) {
			here := path + "/product_status/" + s.member + "/" + strconv.Itoa(i)
			one := Statement{Document: r.id, Author: r.author, Made: r.made, Vulnerability: names[0], Aliases: names[1:], Status: s.status}
			if err := r.statement(here, product, one, said); err != nil {
				return err
			}
		}
	}
	return nil
}

// statement adds what is said of one product.
func (r *csafReader) statement(path, id string, s Statement, said csafSaid) error {
	product, ok := r.tree.products[id]
	if !ok {
		return undefined(path, id)
	}
	switch s.Status {
	case NotAffected:
		s.Justification, s.Impact = said.labels[id], said.impact[id]
		if s.Justification == "" && s.Impact == "" {
			return wrong(path, "product %s is not affected without an impact statement: no flag and no threat of category impact (CSAF 2.0 6.1.27.9)", fault.Quote(id))
		}
	case Affected:
		if s.Action = said.action[id]; s.Action == "" {
			return wrong(path, "product %s is affected without an action statement: no remediation (CSAF 2.0 6.1.27.10)", fault.Quote(id))
		}
	}
	s.Products = []Product{product}
	if r.statements = append(r.statements, s); len(r.statements) > MaxStatements {
		return errors.New("it has more statements than are read here: " + strconv.Itoa(MaxStatements))
	}
	return nil
}

// names gives the CVE and the other IDs of a vulnerability (6.1.27.8, 6.1.23).
func (r *csafReader) names(path string, value any) ([]string, error) {
	var names []string
	if cve := textAt(value, "cve"); cve != "" {
		if r.seen[cve] {
			return nil, wrong(path+"/cve", "a vulnerability before it has the same (CSAF 2.0 6.1.23)")
		}
		r.seen[cve], names = true, append(names, cve)
	}
	for _, id := range listAt(value, "ids") {
		names = append(names, textAt(id, "text"))
	}
	if names = unique(names); len(names) == 0 {
		return nil, wrong(path, "it has neither cve nor ids (CSAF 2.0 6.1.27.8)")
	}
	return names, nil
}

// contradicts finds products of which two things are said that exclude each
// other (6.1.6), and a vulnerability that says nothing (6.1.27.7).
func (r *csafReader) contradicts(path string, value any) error {
	status, any := map[string]string{}, false
	for _, s := range csafStatuses {
		for i, product := range textsAt(value, "product_status", s.member) {
			before, ok := status[product]
			switch {
			case ok && before != s.status:
				return wrong(path+"/product_status/"+s.member+"/"+strconv.Itoa(i), "product %s is %s and %s (CSAF 2.0 6.1.6)", fault.Quote(product), before, s.status)
			case !ok:
				status[product] = s.status
			}
			any = any || slices.Contains([]string{"fixed", "known_affected", "known_not_affected", "under_investigation"}, s.member)
		}
	}
	if !any {
		return wrong(path+"/product_status", "it has none of fixed, known_affected, known_not_affected and under_investigation (CSAF 2.0 6.1.27.7)")
	}
	return nil
}
