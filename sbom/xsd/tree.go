package xsd

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const schemaSpace = "http://www.w3.org/2001/XMLSchema"

// node is an element of a schema's own text.
type node struct {
	tag      string
	attrs    map[string]string
	children []*node
	file     *file
}

// file is one schema's text.
type file struct {
	space    string            // its target namespace
	prefixes map[string]string // declared at its root
}

// parse reads a schema's text into nodes, without its annotations.
func parse(text io.Reader) (*node, error) {
	d := xml.NewDecoder(text)
	f := &file{prefixes: map[string]string{}}
	stack := []*node{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Space != schemaSpace {
				return nil, fmt.Errorf("a schema with an element of %s", token.Name.Space)
			}
			if token.Name.Local == "annotation" {
				if err := d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			n := f.node(token)
			top := stack[len(stack)-1]
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	root := stack[0].children
	if len(root) != 1 || root[0].tag != "schema" {
		return nil, errors.New("no schema")
	}
	f.space = root[0].attrs["targetNamespace"]
	return root[0], nil
}

func (f *file) node(start xml.StartElement) *node {
	n := &node{tag: start.Name.Local, attrs: map[string]string{}, file: f}
	for _, a := range start.Attr {
		switch a.Name.Space {
		case "":
			n.attrs[a.Name.Local] = a.Value
		case "xmlns":
			f.prefixes[a.Name.Local] = a.Value
		}
	}
	return n
}

// name resolves a QName of the schema's text.
func (n *node) name(qname string) (name, error) {
	prefix, local, ok := strings.Cut(qname, ":")
	if !ok {
		return name{n.file.prefixes[""], qname}, nil
	}
	space, ok := n.file.prefixes[prefix]
	if !ok {
		return name{}, fmt.Errorf("the prefix of %s is not declared", qname)
	}
	return name{space, local}, nil
}

// only refuses attributes and children that are not read here.
func (n *node) only(attrs, tags string) error {
	for a := range n.attrs {
		if !has(attrs, a) {
			return fmt.Errorf("xs:%s with %s is not read", n.tag, a)
		}
	}
	for _, c := range n.children {
		if !has(tags, c.tag) {
			return fmt.Errorf("xs:%s in xs:%s is not read", c.tag, n.tag)
		}
	}
	return nil
}

func has(list, word string) bool {
	for one := range strings.FieldsSeq(list) {
		if one == word {
			return true
		}
	}
	return false
}
