package xsd

import (
	"fmt"
	"strings"
)

func (c *compiler) complexType(n *node, t *typ) error {
	if err := n.only("name", "sequence choice simpleContent attribute anyAttribute"); err != nil {
		return err
	}
	if err := c.attributes(n.children, t); err != nil {
		return err
	}
	for _, child := range n.children {
		switch child.tag {
		case "sequence", "choice":
			t.model = &model{}
			whole, err := c.group(t.model, child)
			if err != nil {
				return err
			}
			if err := t.model.finish(whole); err != nil {
				return err
			}
		case "simpleContent":
			return c.extension(child, t)
		}
	}
	return nil
}

// extension reads a simple type with attributes.
func (c *compiler) extension(n *node, t *typ) error {
	if err := n.only("", "extension"); err != nil {
		return err
	}
	ext := n.children[0]
	if err := ext.only("base", "attribute anyAttribute"); err != nil {
		return err
	}
	at, err := ext.name(ext.attrs["base"])
	if err != nil {
		return err
	}
	if t.simple, err = c.namedSimple(at); err != nil {
		return err
	}
	return c.attributes(ext.children, t)
}

// group reads a sequence or a choice into the model.
func (c *compiler) group(m *model, n *node) (piece, error) {
	if err := n.only("minOccurs maxOccurs", "element any sequence choice"); err != nil {
		return piece{}, err
	}
	var parts []piece
	for _, child := range n.children {
		part, err := c.part(m, child)
		if err != nil {
			return piece{}, err
		}
		parts = append(parts, part)
	}
	if n.tag == "choice" {
		return m.occurs(n, m.choice(parts))
	}
	return m.occurs(n, m.sequence(parts))
}

func (c *compiler) part(m *model, n *node) (piece, error) {
	switch n.tag {
	case "sequence", "choice":
		return c.group(m, n)
	case "any":
		if n.attrs["namespace"] != "##other" || n.attrs["processContents"] != "lax" {
			return piece{}, fmt.Errorf("an xs:any that is not read")
		}
		return m.occurs(n, m.leaf(particle{wildcard: true}))
	}
	e, err := c.element(n)
	if err != nil {
		return piece{}, fmt.Errorf("element %s: %w", n.attrs["name"], err)
	}
	return m.occurs(n, m.leaf(particle{local: n.attrs["name"], element: e}))
}

func (c *compiler) attributes(children []*node, t *typ) error {
	if t.attrs == nil {
		t.attrs = map[string]*attribute{}
	}
	for _, n := range children {
		switch n.tag {
		case "attribute":
			a, err := c.attribute(n)
			if err != nil {
				return fmt.Errorf("attribute %s: %w", n.attrs["name"], err)
			}
			t.attrs[n.attrs["name"]] = a
		case "anyAttribute":
			t.wildcard = n.attrs["namespace"]
			if t.wildcard != "##any" && t.wildcard != "##other" || n.attrs["processContents"] != "lax" {
				return fmt.Errorf("an xs:anyAttribute that is not read")
			}
		}
	}
	return nil
}

func (c *compiler) attribute(n *node) (*attribute, error) {
	if err := n.only("name type use default", "simpleType"); err != nil {
		return nil, err
	}
	a := &attribute{required: n.attrs["use"] == "required"}
	var err error
	if len(n.children) == 1 {
		a.simple, err = c.simpleType(n.children[0])
		return a, err
	}
	at, err := n.name(n.attrs["type"])
	if err != nil {
		return nil, err
	}
	a.simple, err = c.namedSimple(at)
	return a, err
}

func (c *compiler) namedSimple(at name) (*simple, error) {
	if at.space == schemaSpace {
		return builtinType(at.local)
	}
	if s := c.simples[at]; s != nil {
		return s, nil
	}
	n := c.types[at]
	if n == nil || n.tag != "simpleType" {
		return nil, fmt.Errorf("there is no simple type %s", at.local)
	}
	s, err := c.simpleType(n)
	c.simples[at] = s
	return s, err
}

func (c *compiler) simpleType(n *node) (*simple, error) {
	if err := n.only("name final", "restriction union"); err != nil {
		return nil, err
	}
	body := n.children[0]
	if body.tag == "union" {
		return c.union(body)
	}
	at, err := body.name(body.attrs["base"])
	if err != nil {
		return nil, err
	}
	base, err := c.namedSimple(at)
	if err != nil {
		return nil, err
	}
	if base.members != nil {
		return nil, fmt.Errorf("a restriction of a union is not read")
	}
	return base.restrict(body.children)
}

func (c *compiler) union(n *node) (*simple, error) {
	if err := n.only("memberTypes", ""); err != nil {
		return nil, err
	}
	u := &simple{}
	for qname := range strings.FieldsSeq(n.attrs["memberTypes"]) {
		at, err := n.name(qname)
		if err != nil {
			return nil, err
		}
		member, err := c.namedSimple(at)
		if err != nil {
			return nil, err
		}
		u.members = append(u.members, member)
	}
	return u, nil
}
