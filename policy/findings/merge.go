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
// counts for each, too. The list depends on no order. Another report takes nothing away and makes nothing less bad.
//
// Names that belong to very many CVEs would make the list grow with the square of the reports. Where it would (maxSpread), one
// that belongs to more than fewOwners stands for itself.
func Merge(reports map[string]*Report) []Merged {
	groups := map[string]*group{}
	for evidence, r := range reports {
		for i := range r.Findings {
			e := newEntry(&r.Findings[i], evidence)
			key := e.Package.key()
			if groups[key] == nil {
				groups[key] = &group{byCVE: map[string]*class{}, sets: map[string]*class{}, names: names{}}
			}
			groups[key].take(e)
		}
	}
	merged := []Merged{}
	for _, c := range classes(slices.Collect(maps.Values(groups))) {
		merged = append(merged, c.merged())
	}
	slices.SortFunc(merged, func(a, b Merged) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package.Name, b.Package.Name),
			cmp.Compare(a.Package.Version, b.Package.Version), cmp.Compare(a.Package.PURL, b.Package.PURL))
	})
	return merged
}

// An entry is a finding of a report, with its names apart.
type entry struct {
	*Finding
	evidence     string
	rating       Rating
	cves, others []string
}

func newEntry(f *Finding, evidence string) entry {
	e := entry{Finding: f, evidence: evidence, rating: rate(f.Scores, f.Severity)}
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if isCVE(id) {
			e.cves = append(e.cves, id)
		} else {
			e.others = append(e.others, id)
		}
	}
	return e
}

// A group is all entries on one package.
type group struct {
	byCVE map[string]*class // of each CVE
	bare  []entry           // without a CVE
	names names             // of bare entries
	sets  map[string]*class // of bare entries whose names are connected, by their root
}

func (g *group) take(e entry) {
	if len(e.cves) == 0 {
		g.bare = append(g.bare, e)
		g.names.join(e.others)
	}
	for _, id := range e.cves {
		if g.byCVE[id] == nil {
			g.byCVE[id] = newClass(id)
		}
		g.byCVE[id].take(e)
	}
}

// connect puts bare entries into their sets, and gives the CVEs' classes that own each.
func (g *group) connect() map[string][]*class {
	for _, e := range g.bare {
		root := g.names.root(e.others[0])
		if g.sets[root] == nil {
			g.sets[root] = newClass("")
		}
		g.sets[root].take(e)
	}
	return g.names.owners(g.byCVE)
}

// Bounds on what sets that have owners may add to the list: above maxSpread, in names, versions and scores, those of more than
// fewOwners are not given to them.
const (
	maxSpread = 4 << 20
	fewOwners = 8
)

// classes gives each CVE's, with the sets that it owns, and the sets that none owns.
func classes(groups []*group) []*class {
	owners, spread := make([]map[string][]*class, len(groups)), 0
	for i, g := range groups {
		owners[i] = g.connect()
		for root, list := range owners[i] {
			spread += len(list) * g.sets[root].size()
		}
	}
	var all []*class
	for i, g := range groups {
		for root, list := range owners[i] {
			if spread > maxSpread && len(list) > fewOwners {
				continue
			}
			for _, c := range list {
				c.adopt(g.sets[root])
			}
			delete(g.sets, root)
		}
		all = slices.AppendSeq(slices.AppendSeq(all, maps.Values(g.byCVE)), maps.Values(g.sets))
	}
	return all
}
