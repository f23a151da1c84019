package vex

import (
	"strings"
)

// cycloneParts are what a CycloneDX document has that an analysis can be about.
type cycloneParts struct {
	id    string                  // of the document, as BOM-Links have it
	whole *cyclonePart            // metadata.component: what the document is of
	refs  map[string]*cyclonePart // by bom-ref
}

type cyclonePart struct {
	Product
	version string
}

func (c *cycloneParts) read(object map[string]any) {
	c.id, c.refs = cycloneID(object), map[string]*cyclonePart{}
	if value := at(object, "metadata", "component"); value != nil {
		c.whole = c.add(value)
		c.addAll(listAt(value, "components"))
	}
	c.addAll(listAt(object, "components"))
}

// addAll goes no deeper than JSON may be nested.
func (c *cycloneParts) addAll(values []any) {
	for _, value := range values {
		c.add(value)
		c.addAll(listAt(value, "components"))
	}
}

func (c *cycloneParts) add(value any) *cyclonePart {
	p := &cyclonePart{Product: Product{Name: textAt(value, "name")}, version: textAt(value, "version")}
	if purl := textAt(value, "purl"); purl != "" {
		if parsed, err := parsePURL(purl); err == nil {
			p.PURLs = []string{purl}
			if p.version == "" {
				p.version = parsed.Version
			}
		}
	}
	for _, hash := range listAt(value, "hashes") {
		p.Digests = append(p.Digests, digest(textAt(hash, "alg"), textAt(hash, "content")))
	}
	if ref := textAt(value, "bom-ref"); ref != "" {
		c.refs[ref] = p
	}
	return p
}

// products gives what one element of affects is about: the component that it
// refers to, in the one that the document is of. A link into another document
// says which component of that is meant, which nothing here can tell: a bom-ref
// that looks like a package URL is a bom-ref.
func (c *cycloneParts) products(affected any, status string) []Product {
	ref := textAt(affected, "ref")
	local, isLink := strings.CutPrefix(ref, c.id+"#")
	if c.id == "" || !isLink {
		local = ref
	}
	part := c.refs[local]
	if part == nil {
		return []Product{{Name: ref}}
	}
	var list []Product
	for _, p := range part.at(listAt(affected, "versions"), status) {
		list = append(list, c.within(part, p))
	}
	return list
}

func (c *cycloneParts) within(part *cyclonePart, p Product) Product {
	if c.whole == nil || part == c.whole {
		return p
	}
	whole := c.whole.Product
	whole.Subcomponents = []Product{p}
	return whole
}

// at gives the part in each version that the analysis is about: of not_affected
// and fixed those that are called unaffected, of the others those that are not.
// A range is not looked into, so what it holds is named and never matched.
func (p *cyclonePart) at(versions []any, status string) []Product {
	if len(versions) == 0 {
		return []Product{p.Product}
	}
	var list []Product
	for _, value := range versions {
		unaffected := textAt(value, "status") == "unaffected"
		if unaffected == (status == NotAffected || status == Fixed) {
			list = append(list, p.one(textAt(value, "version"), textAt(value, "range")))
		}
	}
	if len(list) == 0 {
		return []Product{{Name: p.Name + " in no version that fits the state"}}
	}
	return list
}

func (p *cyclonePart) one(version, scope string) Product {
	named := Product{Name: strings.TrimSpace(p.Name + " " + version + scope)}
	switch {
	case version == "" || p.version != "" && p.version != version:
		return named
	case p.version == version:
		named.Digests, named.PURLs = p.Digests, p.PURLs
		return named
	}
	for _, purl := range p.PURLs {
		if parsed, err := parsePURL(purl); err == nil {
			parsed.Version = version
			named.PURLs = append(named.PURLs, parsed.ToString())
		}
	}
	return named
}
