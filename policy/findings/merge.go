package findings

import (
	"cmp"
	"maps"
	"slices"
)

// A Merged is one vulnerability in one package, by all reports that have it. Lists are sorted and never null.
type Merged struct {
	ID      string   `json:"id"`      // CVE where one is named, else the report's own
	Aliases []string `json:"aliases"` // without ID; no CVE where ID is one
	Package Package  `json:"package"`
	Rating  Rating   `json:"rating"`
	Fixed   []string `json:"fixed"`   // versions in which it is mended
	Reports []string `json:"reports"` // evidence that has it
}

// Merge puts several reports' findings, by the digest of each report's evidence, into one list: the same vulnerability in the
// same package once, sorted by ID and package. Two names are one vulnerability where a report says so, or says so of a third;
// but two CVEs are never one. An entry with several CVEs counts for each; one without a CVE whose name belongs to several
// counts for each, too. The list depends on no order.
func Merge(reports map[string]*Report) []Merged {
	packages := map[string]*group{}
	for _, evidence := range slices.Sorted(maps.Keys(reports)) {
		for i := range reports[evidence].Findings {
			f := &reports[evidence].Findings[i]
			key := f.Package.key()
			if packages[key] == nil {
				packages[key] = &group{}
			}
			packages[key].take(entry{f, evidence})
		}
	}
	merged := []Merged{}
	for _, g := range packages {
		merged = append(merged, g.merged()...)
	}
	slices.SortFunc(merged, func(a, b Merged) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package.Name, b.Package.Name),
			cmp.Compare(a.Package.Version, b.Package.Version), cmp.Compare(a.Package.PURL, b.Package.PURL))
	})
	return merged
}

// An entry is a finding of a report.
type entry struct {
	*Finding
	evidence string
}

// cves are an entry's, and others its other names.
func (e entry) names() (cves, others []string) {
	for _, id := range append([]string{e.ID}, e.Aliases...) {
		if isCVE(id) {
			cves = append(cves, id)
		} else {
			others = append(others, id)
		}
	}
	return cves, others
}

// A group is all entries on one package.
type group struct{ entries []entry }

func (g *group) take(e entry) { g.entries = append(g.entries, e) }

// merged makes a class of each CVE, and of each set of other names that are connected. A class without a CVE goes into those
// that share one of its names.
func (g *group) merged() []Merged {
	byCVE, bare := map[string]*class{}, names{}
	for _, e := range g.entries {
		cves, others := e.names()
		for _, c := range cves {
			if byCVE[c] == nil {
				byCVE[c] = &class{id: c}
			}
			byCVE[c].take(e, others)
		}
		if len(cves) == 0 {
			bare.join(others)
		}
	}
	classes := slices.Collect(maps.Values(byCVE))
	owners := bare.owners(byCVE)
	alone := map[string]*class{}
	for _, e := range g.entries {
		cves, others := e.names()
		if len(cves) > 0 {
			continue
		}
		root := bare.root(others[0])
		into := owners[root]
		if len(into) == 0 {
			if alone[root] == nil {
				alone[root] = &class{}
			}
			into = []*class{alone[root]}
		}
		for _, c := range into {
			c.take(e, others)
		}
	}
	var list []Merged
	for _, c := range append(classes, slices.Collect(maps.Values(alone))...) {
		list = append(list, c.merged())
	}
	return list
}

// A class is all entries on one vulnerability in one package.
type class struct {
	id      string // its CVE, or nothing
	ids     []string
	aliases []string
	entries []entry
}

func (c *class) take(e entry, others []string) {
	c.ids, c.aliases, c.entries = append(c.ids, e.ID), append(c.aliases, others...), append(c.entries, e)
}

func (c *class) merged() Merged {
	m := Merged{ID: c.id}
	if m.ID == "" {
		m.ID = slices.Min(c.ids)
	}
	m.Aliases = without(once(c.aliases), m.ID)
	m.Package = c.entries[0].Package
	var scores []Score
	var words []string
	for _, e := range c.entries {
		if e.Package.before(m.Package) {
			m.Package = e.Package
		}
		scores, words = append(scores, e.Scores...), append(words, e.Severity)
		m.Fixed, m.Reports = append(m.Fixed, e.Fixed...), append(m.Reports, e.evidence)
	}
	m.Rating = rate(scores, words)
	m.Fixed, m.Reports = once(m.Fixed), once(m.Reports)
	return m
}

// before orders spellings of one package, so that the same one is taken always.
func (p Package) before(other Package) bool {
	return cmp.Or(cmp.Compare(p.PURL, other.PURL), cmp.Compare(p.Name, other.Name), cmp.Compare(p.Version, other.Version)) < 0
}
