package xsd

import (
	"fmt"
	"io/fs"
)

// Schema is a compiled schema. It is safe for use by many at once.
type Schema struct {
	target   string
	elements map[string]*element // global, of the target namespace
	unique   string              // the attribute whose value no two elements share; the root's xs:unique
}

type element struct {
	typ      *typ
	fallback string // the value where the element is empty
}

// typ is the type of an element. Its content is a model, a simple type or, of
// both none, nothing.
type typ struct {
	attrs    map[string]*attribute // without a namespace
	wildcard string                // "", "##any" or "##other"
	model    *model
	simple   *simple
}

type attribute struct {
	simple   *simple
	required bool
}

// Compile reads the schema in the file main of folder, and the schemas whose
// types it uses. A part of XSD that is not read here is an error.
func Compile(folder fs.FS, main string, imports ...string) (*Schema, error) {
	c := &compiler{types: map[name]*node{}, complex: map[name]*typ{}, simples: map[name]*simple{}}
	var root *node
	for _, file := range append(imports, main) {
		var err error
		if root, err = c.load(folder, file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	s, err := c.schema(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", main, err)
	}
	return s, nil
}

type compiler struct {
	types   map[name]*node
	complex map[name]*typ
	simples map[name]*simple
}

func (c *compiler) load(folder fs.FS, file string) (*node, error) {
	text, err := folder.Open(file)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	for _, n := range root.children {
		if n.tag == "complexType" || n.tag == "simpleType" {
			c.types[name{root.file.space, n.attrs["name"]}] = n
		}
	}
	return root, nil
}

func (c *compiler) schema(root *node) (*Schema, error) {
	if err := root.only("elementFormDefault targetNamespace version", "import element complexType simpleType"); err != nil {
		return nil, err
	}
	if root.attrs["elementFormDefault"] != "qualified" {
		return nil, fmt.Errorf("elements without a namespace are not read")
	}
	s := &Schema{target: root.file.space, elements: map[string]*element{}}
	for _, n := range root.children {
		if n.tag != "element" {
			continue
		}
		e, err := c.element(n)
		if err != nil {
			return nil, fmt.Errorf("element %s: %w", n.attrs["name"], err)
		}
		s.elements[n.attrs["name"]] = e
		if s.unique, err = c.unique(n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// unique reads the one form of xs:unique that is used: an attribute, over all
// elements below.
func (c *compiler) unique(n *node) (string, error) {
	for _, child := range n.children {
		if child.tag != "unique" {
			continue
		}
		if len(child.children) != 2 || child.children[0].attrs["xpath"] != ".//*" || child.children[1].attrs["xpath"] != "@bom-ref" {
			return "", fmt.Errorf("an xs:unique that is not read")
		}
		return "bom-ref", nil
	}
	return "", nil
}

// element gives nil for one of any type.
func (c *compiler) element(n *node) (*element, error) {
	if err := n.only("name type minOccurs maxOccurs default", "complexType simpleType unique"); err != nil {
		return nil, err
	}
	if n.attrs["type"] == "" && len(n.children) == 0 {
		return nil, nil // xs:anyType: what is in it is as unknown as what a wildcard lets in
	}
	t, err := c.typeOf(n)
	return &element{typ: t, fallback: n.attrs["default"]}, err
}

// typeOf gives the type that an element names or has within.
func (c *compiler) typeOf(n *node) (*typ, error) {
	for _, child := range n.children {
		switch child.tag {
		case "complexType":
			t := &typ{}
			return t, c.complexType(child, t)
		case "simpleType":
			s, err := c.simpleType(child)
			return &typ{simple: s}, err
		}
	}
	at, err := n.name(n.attrs["type"])
	if err != nil {
		return nil, err
	}
	if declared := c.types[at]; declared != nil && declared.tag == "complexType" {
		return c.namedComplex(at, declared)
	}
	s, err := c.namedSimple(at)
	return &typ{simple: s}, err
}

// namedComplex knows a type before it is whole: components have components.
func (c *compiler) namedComplex(at name, n *node) (*typ, error) {
	if t := c.complex[at]; t != nil {
		return t, nil
	}
	t := &typ{}
	c.complex[at] = t
	if err := c.complexType(n, t); err != nil {
		return nil, fmt.Errorf("type %s: %w", at.local, err)
	}
	return t, nil
}
