package vex

import (
	"strconv"
	"strings"
	"time"

	"stellad/sbom/fault"
)

const openVEXContext = "https://openvex.dev/ns/v0.2.0"

// openVEXDocument is what a document says for all its statements.
type openVEXDocument struct {
	id, author     string
	made, modified time.Time
	ids            map[string]bool // of statements
}

func readOpenVEX(text []byte) ([]Statement, error) {
	object, err := decode(text)
	if err != nil {
		return nil, err
	}
	if err := openVEXVersion(object); err != nil {
		return nil, err
	}
	if err := openVEXSchema().Check(object); err != nil {
		return nil, err
	}
	doc := openVEXDocument{id: textAt(object, "@id"), author: textAt(object, "author"), ids: map[string]bool{}}
	if doc.made, doc.modified, err = times("", object); err != nil {
		return nil, err
	}
	var list []Statement
	for i, value := range listAt(object, "statements") {
		s, err := doc.statement("/statements/"+strconv.Itoa(i), value)
		if err != nil {
			return nil, err
		}
		list = append(list, *s)
	}
	return list, nil
}

func openVEXVersion(object map[string]any) error {
	context, ok := object["@context"].(string)
	switch {
	case !ok:
		return wrong("/@context", "it is missing: no OpenVEX 0.2.0 without %q", openVEXContext)
	case context == "https://openvex.dev/ns":
		return wrong("/@context", "OpenVEX before 0.2.0 is not read here, 0.2.0 is (%s)", openVEXContext)
	case context != openVEXContext:
		return wrong("/@context", "OpenVEX %s is not read here, 0.2.0 is (%s)",
			fault.Quote(strings.TrimPrefix(context, "https://openvex.dev/ns/v")), openVEXContext)
	}
	return nil
}

func times(path string, value any) (made, modified time.Time, err error) {
	if made, err = timeAt(path, value, "timestamp"); err != nil {
		return made, modified, err
	}
	modified, err = timeAt(path, value, "last_updated")
	return made, modified, err
}

func (d *openVEXDocument) statement(path string, value any) (*Statement, error) {
	made, modified, err := times(path, value)
	if err != nil {
		return nil, err
	}
	// A statement that has no time of its own changes with its document.
	if made.IsZero() && modified.IsZero() {
		made, modified = d.made, d.modified
	}
	s := &Statement{
		Document: d.id, Author: d.author, Made: latest(made, modified),
		Vulnerability: textAt(value, "vulnerability", "name"), Aliases: textsAt(value, "vulnerability", "aliases"),
		Status: textAt(value, "status"), Justification: textAt(value, "justification"),
		Impact: textAt(value, "impact_statement"), Action: textAt(value, "action_statement"), Notes: textAt(value, "status_notes"),
	}
	if id := textAt(value, "@id"); id != "" {
		if d.ids[id] {
			return nil, wrong(path+"/@id", "a statement before it has the same")
		}
		d.ids[id] = true
	}
	if err := complete(path, s); err != nil {
		return nil, err
	}
	if s.Expires, err = expiry(path, s.Notes); err != nil {
		return nil, err
	}
	s.Products, err = openVEXProducts(path+"/products", listAt(value, "products"))
	return s, err
}

// complete holds a statement to what its status asks for and excludes: a word
// that has no place beside a status is one that somebody else reads otherwise.
func complete(path string, s *Statement) error {
	switch {
	case s.Status == NotAffected && s.Justification == "" && s.Impact == "":
		return wrong(path, "not_affected needs a justification or an impact_statement")
	case s.Status == Affected && s.Action == "":
		return wrong(path, "affected needs an action_statement")
	case s.Status != NotAffected && s.Justification != "":
		return wrong(path+"/justification", "%s takes none", s.Status)
	case s.Status != NotAffected && s.Impact != "":
		return wrong(path+"/impact_statement", "%s takes none", s.Status)
	case s.Status != Affected && s.Action != "":
		return wrong(path+"/action_statement", "%s takes none", s.Status)
	}
	return nil
}
