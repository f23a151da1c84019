package xsd

import (
	"crypto/sha256"
	"slices"
	"strings"

	"stellad/sbom/fault"
	"stellad/sbom/strictxml"
)

const instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"

// Validator holds the tokens of one document against a schema.
type Validator struct {
	schema *Schema
	open   []frame
	seen   map[[16]byte]struct{}
}

// frame is an open element.
type frame struct {
	element *element // nil: of any type, or let in by a wildcard; nothing is known of it
	state   int      // of the model
	text    []byte
}

// Validate begins a document.
func (s *Schema) Validate() *Validator {
	return &Validator{schema: s, seen: map[[16]byte]struct{}{}}
}

// Start takes an element in. It gives what is wrong with it, or nothing.
func (v *Validator) Start(t strictxml.Token) string {
	at := name{t.Name.Space, t.Name.Local}
	e, reason := v.find(at)
	if reason != "" {
		return reason
	}
	v.open = append(v.open, frame{element: e, state: -1})
	if e == nil {
		return ""
	}
	if reason := v.checkUnique(e.typ, t.Attributes); reason != "" {
		return reason
	}
	return v.checkAttributes(e.typ, t.Attributes)
}

// find gives the declaration of an element that stands next.
func (v *Validator) find(at name) (*element, string) {
	if len(v.open) == 0 {
		if e := v.global(at); e != nil {
			return e, ""
		}
		return nil, fault.Quote(at.local) + " can't be a root"
	}
	top := &v.open[len(v.open)-1]
	switch {
	case top.element == nil:
		return v.global(at), ""
	case top.element.typ.model == nil:
		return nil, fault.Quote(at.local) + " stands where no element may"
	}
	m := top.element.typ.model
	next := m.next(top.state, v.schema.target, at)
	if next < 0 {
		return nil, fault.Quote(at.local) + " is not expected here" + expected(m, top.state)
	}
	top.state = next
	if m.particles[next].wildcard {
		return v.global(at), ""
	}
	return m.particles[next].element, ""
}

func (v *Validator) global(at name) *element {
	if at.space != v.schema.target {
		return nil
	}
	return v.schema.elements[at.local]
}

func expected(m *model, state int) string {
	const few = 12
	var names []string
	for _, at := range m.after(state) {
		if p := m.particles[at]; !p.wildcard {
			names = append(names, p.local)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	if len(names) > few {
		names = append(names[:few], "…")
	}
	return "; it may be " + strings.Join(names, ", ")
}

func (v *Validator) checkAttributes(t *typ, list []strictxml.Attribute) string {
	found := 0
	for _, a := range list {
		if a.Name.Space != "" {
			if reason := t.foreign(a, v.schema.target); reason != "" {
				return reason
			}
			continue
		}
		known := t.attrs[a.Name.Local]
		if known == nil {
			if t.wildcard != "##any" {
				return "the attribute " + fault.Quote(a.Name.Local) + " is not one of the schema's"
			}
			continue
		}
		if known.required {
			found++
		}
		if reason := known.simple.check(a.Value); reason != "" {
			return "attribute " + a.Name.Local + ": " + reason
		}
	}
	return t.missing(list, found)
}

// foreign judges an attribute that has a namespace.
func (t *typ) foreign(a strictxml.Attribute, target string) string {
	if a.Name.Space == instanceSpace {
		if a.Name.Local == "schemaLocation" || a.Name.Local == "noNamespaceSchemaLocation" {
			return ""
		}
		return "the attribute xsi:" + fault.Quote(a.Name.Local) + " is not read"
	}
	if t.wildcard == "" || t.wildcard == "##other" && a.Name.Space == target {
		return "the attribute " + fault.Quote(a.Name.Local) + " is not one of the schema's"
	}
	return ""
}

func (t *typ) missing(list []strictxml.Attribute, found int) string {
	for local, a := range t.attrs {
		if a.required {
			found--
			if !slices.ContainsFunc(list, func(a strictxml.Attribute) bool { return a.Name == strictxml.Name{Local: local} }) {
				return "the attribute " + local + " is missing"
			}
		}
	}
	return ""
}

// checkUnique holds the root's xs:unique; the root itself is not below itself.
// An attribute that a wildcard let in has no type, and so no value that counts
// (XML Schema Part 1 §3.11.4).
func (v *Validator) checkUnique(t *typ, list []strictxml.Attribute) string {
	if v.schema.unique == "" || len(v.open) < 2 || t.attrs[v.schema.unique] == nil {
		return ""
	}
	for _, a := range list {
		if a.Name != (strictxml.Name{Local: v.schema.unique}) {
			continue
		}
		var key [16]byte
		sum := sha256.Sum256([]byte(a.Value))
		copy(key[:], sum[:])
		if _, ok := v.seen[key]; ok {
			return "the " + v.schema.unique + " " + fault.Quote(a.Value) + " stands twice"
		}
		v.seen[key] = struct{}{}
	}
	return ""
}

// Text takes text in.
func (v *Validator) Text(text []byte) string {
	top := &v.open[len(v.open)-1]
	if top.element == nil {
		return ""
	}
	if top.element.typ.simple != nil {
		if len(top.text)+len(text) > strictxml.MaxToken {
			return "a text that is too long"
		}
		top.text = append(top.text, text...)
		return ""
	}
	if strings.Trim(string(text), " \t\r\n") != "" {
		return "text stands between elements"
	}
	return ""
}

// End takes the innermost element's end in.
func (v *Validator) End() string {
	top := v.open[len(v.open)-1]
	v.open = v.open[:len(v.open)-1]
	switch {
	case top.element == nil:
		return ""
	case top.element.typ.simple != nil:
		text := string(top.text)
		if text == "" && top.element.fallback != "" {
			text = top.element.fallback
		}
		return top.element.typ.simple.check(text)
	case top.element.typ.model != nil && !top.element.typ.model.mayEnd(top.state):
		return "it ends too early" + expected(top.element.typ.model, top.state)
	}
	return ""
}
