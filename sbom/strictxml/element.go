package strictxml

import (
	"encoding/xml"
	"maps"
	"regexp"
	"strings"

	"stellad/sbom/fault"
)

var declaration = regexp.MustCompile(`^version[ \t\r\n]*=[ \t\r\n]*("1\.0"|'1\.0')` +
	`([ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*("(?i:utf-8)"|'(?i:utf-8)'))?` +
	`([ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*("(yes|no)"|'(yes|no)'))?[ \t\r\n]*$`)

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

func (r *Reader) startElement(raw xml.StartElement) (Token, error) {
	switch {
	case len(r.open) == 0 && r.begun:
		return Token{}, r.fault("a second root element")
	case len(r.open) == MaxDepth:
		return Token{}, r.fault("nested deeper than %d elements", MaxDepth)
	case len(raw.Attr) > MaxAttributes:
		return Token{}, r.fault("an element of more than %d attributes", MaxAttributes)
	case len(r.src.tag) >= maxTag:
		return Token{}, r.fault("a tag of more than %d KiB", maxTag>>10)
	case !spaced(r.src.tag):
		return Token{}, r.fault("attributes without a space between them")
	}
	r.begun = true
	e := element{raw: raw.Name}
	if err := r.declare(&e, raw.Attr); err != nil {
		return Token{}, err
	}
	name, err := r.resolve(raw.Name, r.scope[""])
	if err != nil {
		return Token{}, err
	}
	e.name = name
	attributes, err := r.attributes(raw.Attr)
	if err != nil {
		return Token{}, err
	}
	r.open = append(r.open, e)
	return Token{Kind: Start, Name: name, Attributes: attributes}, nil
}

// spaced reports whether each attribute in a tag's bytes stands after a space.
func spaced(tag []byte) bool {
	var quote byte
	for i, b := range tag {
		switch {
		case quote == 0 && (b == '"' || b == '\''):
			quote = b
		case b == quote:
			quote = 0
			if i+1 < len(tag) && !strings.ContainsRune(" \t\r\n/>", rune(tag[i+1])) {
				return false
			}
		}
	}
	return true
}

// declare takes in the namespaces that an element declares.
func (r *Reader) declare(e *element, attrs []xml.Attr) error {
	seen := map[string]bool{}
	for _, a := range attrs {
		prefix, ok := declared(a.Name)
		if !ok {
			continue
		}
		if seen[prefix] {
			return r.fault("a namespace prefix is declared twice")
		}
		seen[prefix] = true
		if reserved(prefix, a.Value) {
			return r.fault("the namespace %s can't be declared so", fault.Quote(a.Value))
		}
		if !e.declares {
			e.declares, e.outer = true, r.scope
			r.scope = maps.Clone(r.scope)
		}
		r.scope[prefix] = a.Value
	}
	return nil
}

func declared(name xml.Name) (prefix string, ok bool) {
	if name.Space == "" && name.Local == "xmlns" {
		return "", true
	}
	return name.Local, name.Space == "xmlns"
}

// reserved says what Namespaces in XML 1.0 §3 forbids.
func reserved(prefix, space string) bool {
	switch {
	case prefix == "xml":
		return space != xmlSpace
	case prefix == "xmlns", space == xmlSpace, space == xmlnsSpace:
		return true
	}
	return prefix != "" && space == ""
}

func (r *Reader) resolve(raw xml.Name, bare string) (Name, error) {
	if strings.Contains(raw.Local, ":") || raw.Local == "" {
		return Name{}, r.fault("%s is not a name", fault.Quote(raw.Space+":"+raw.Local))
	}
	if raw.Space == "" {
		return Name{bare, raw.Local}, nil
	}
	space, ok := r.scope[raw.Space]
	if !ok {
		return Name{}, r.fault("the namespace prefix %s is not declared", fault.Quote(raw.Space))
	}
	return Name{space, raw.Local}, nil
}

func (r *Reader) attributes(attrs []xml.Attr) ([]Attribute, error) {
	list := make([]Attribute, 0, len(attrs))
	for _, a := range attrs {
		if _, ok := declared(a.Name); ok {
			continue
		}
		name, err := r.resolve(a.Name, "")
		if err != nil {
			return nil, err
		}
		for _, other := range list {
			if other.Name == name {
				return nil, r.fault("the attribute %s stands twice", fault.Quote(name.Local))
			}
		}
		list = append(list, Attribute{name, a.Value})
	}
	return list, nil
}

func (r *Reader) endElement(raw xml.EndElement) (Token, error) {
	if len(r.open) == 0 {
		return Token{}, r.fault("the end tag %s has no start", fault.Quote(raw.Name.Local))
	}
	e := r.open[len(r.open)-1]
	if e.raw != raw.Name {
		return Token{}, r.fault("the end tag %s, where that of %s is expected", fault.Quote(raw.Name.Local), fault.Quote(e.raw.Local))
	}
	r.open = r.open[:len(r.open)-1]
	if e.declares {
		r.scope = e.outer
	}
	return Token{Kind: End, Name: e.name}, nil
}
