package findings

import (
	"cmp"
	"slices"
)

// A class is all entries on one vulnerability in one package.
type class struct {
	id                      string   // its CVE, or nothing
	ids                     []string // the reports' own
	aliases, fixed, reports []string
	in                      Package
	rating                  Rating
}

func newClass(id string) *class { return &class{id: id, rating: none()} }

func (c *class) take(e entry) {
	c.found(e.Package)
	c.ids, c.aliases = append(c.ids, e.ID), append(c.aliases, e.others...)
	c.fixed, c.reports = append(c.fixed, e.Fixed...), append(c.reports, e.evidence)
	c.rating.join(e.rating)
}

// adopt takes over what a set of entries without a CVE says.
func (c *class) adopt(set *class) {
	c.found(set.in)
	c.aliases, c.fixed, c.reports = append(c.aliases, once(set.aliases)...), append(c.fixed, once(set.fixed)...), append(c.reports, once(set.reports)...)
	c.rating.join(set.rating)
}

// found keeps one spelling of the package, the same one always.
func (c *class) found(p Package) {
	if len(c.reports) == 0 || p.before(c.in) {
		c.in = p
	}
}

// size is about what adopt takes over.
func (c *class) size() int {
	return len(c.aliases) + len(c.fixed) + len(c.reports) + len(c.rating.By) + len(c.rating.Differs)
}

func (c *class) merged() Merged {
	m := Merged{ID: c.id, Package: c.in, Rating: c.rating, Fixed: once(c.fixed), Reports: once(c.reports)}
	if m.ID == "" {
		m.ID = slices.Min(c.ids)
	}
	m.Aliases = without(once(c.aliases), m.ID)
	m.Rating.Differs = once(m.Rating.Differs)
	return m
}

// before orders spellings of one package.
func (p Package) before(other Package) bool {
	return cmp.Or(cmp.Compare(p.PURL, other.PURL), cmp.Compare(p.Name, other.Name), cmp.Compare(p.Version, other.Version)) < 0
}
