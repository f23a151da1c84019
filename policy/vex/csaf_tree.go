package vex

import (
	"strconv"

	"stellad/sbom/fault"
)

// csafTree is a document's product_tree.
type csafTree struct {
	products map[string]Product  // by product_id
	groups   map[string][]string // product IDs by group_id
}

func (t *csafTree) read(value any) error {
	t.products, t.groups = map[string]Product{}, map[string][]string{}
	const path = "/product_tree"
	if err := t.branches(path, value); err != nil {
		return err
	}
	for i, name := range listAt(value, "full_product_names") {
		if err := t.product(path+"/full_product_names/"+strconv.Itoa(i), name); err != nil {
			return err
		}
	}
	if err := t.relationships(path+"/relationships", listAt(value, "relationships")); err != nil {
		return err
	}
	return t.readGroups(path+"/product_groups", listAt(value, "product_groups"))
}

// branches goes no deeper than JSON may be nested.
func (t *csafTree) branches(path string, value any) error {
	for i, branch := range listAt(value, "branches") {
		here := path + "/branches/" + strconv.Itoa(i)
		if product := at(branch, "product"); product != nil {
			if err := t.product(here+"/product", product); err != nil {
				return err
			}
		}
		if err := t.branches(here, branch); err != nil {
			return err
		}
	}
	return nil
}

func (t *csafTree) product(path string, value any) error {
	p := Product{Name: textAt(value, "name")}
	helper := at(value, "product_identification_helper")
	if purl := textAt(helper, "purl"); purl != "" {
		if _, err := parsePURL(purl); err != nil {
			return wrong(path+"/product_identification_helper/purl", "%s: %s (CSAF 2.0 6.1.13)", fault.Quote(purl), err)
		}
		p.PURLs = []string{purl}
	}
	for _, hash := range listAt(helper, "hashes") {
		for _, one := range listAt(hash, "file_hashes") {
			p.Digests = append(p.Digests, digest(textAt(one, "algorithm"), textAt(one, "value")))
		}
	}
	return t.add(path, textAt(value, "product_id"), p)
}

func (t *csafTree) add(path, id string, p Product) error {
	if _, ok := t.products[id]; ok {
		return wrong(path+"/product_id", "product %s is defined twice (CSAF 2.0 6.1.2)", fault.Quote(id))
	}
	t.products[id] = p
	return nil
}

// relationships makes products of two others: the one that is there, as the
// subcomponent of the one that it relates to. A relationship of relationships
// has a name alone, and is never matched: which of its parts is the artifact
// can't be said. An end may be defined below (6.1.1), in no circle (6.1.3).
func (t *csafTree) relationships(path string, values []any) error {
	plain := make(map[string]Product, len(t.products))
	for id, p := range t.products {
		plain[id] = p
	}
	for i, value := range values {
		full := at(value, "full_product_name")
		p := Product{Name: textAt(full, "name")}
		part, isPlain := plain[textAt(value, "product_reference")]
		whole, both := plain[textAt(value, "relates_to_product_reference")]
		if isPlain && both {
			p.PURLs, p.Digests, p.Subcomponents = whole.PURLs, whole.Digests, []Product{part}
		}
		if err := t.add(path+"/"+strconv.Itoa(i)+"/full_product_name", textAt(full, "product_id"), p); err != nil {
			return err
		}
	}
	return t.related(path, values)
}

// related checks that the ends of relationships are there, and that none is
// made of itself.
func (t *csafTree) related(path string, values []any) error {
	ends := map[string][]string{}
	for i, value := range values {
		id := textAt(value, "full_product_name", "product_id")
		for _, name := range []string{"product_reference", "relates_to_product_reference"} {
			end := textAt(value, name)
			if _, ok := t.products[end]; !ok {
				return undefined(path+"/"+strconv.Itoa(i)+"/"+name, end)
			}
			ends[id] = append(ends[id], end)
		}
	}
	done := map[string]bool{} // false while under way
	for id := range ends {
		if !acyclic(id, ends, done) {
			return wrong(path, "product %s is made of itself (CSAF 2.0 6.1.3)", fault.Quote(id))
		}
	}
	return nil
}

// acyclic walks in depth; the stack that it takes is bounded by the document.
func acyclic(id string, ends map[string][]string, done map[string]bool) bool {
	if finished, seen := done[id]; seen {
		return finished
	}
	done[id] = false
	for _, end := range ends[id] {
		if !acyclic(end, ends, done) {
			return false
		}
	}
	done[id] = true
	return true
}

func (t *csafTree) readGroups(path string, values []any) error {
	for i, value := range values {
		here, id := path+"/"+strconv.Itoa(i), textAt(value, "group_id")
		if _, ok := t.groups[id]; ok {
			return wrong(here+"/group_id", "group %s is defined twice (CSAF 2.0 6.1.5)", fault.Quote(id))
		}
		for j, product := range textsAt(value, "product_ids") {
			if _, ok := t.products[product]; !ok {
				return undefined(here+"/product_ids/"+strconv.Itoa(j), product)
			}
			t.groups[id] = append(t.groups[id], product)
		}
	}
	return nil
}
