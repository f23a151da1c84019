package policy

import (
	"slices"
	"strings"

	"stellad/policy/findings"
	"stellad/policy/vex"
)

// maxNear bounds the statements beside a finding that are not about it.
const maxNear = 20

// join puts findings and the statements on them together: by names of vulnerabilities, not each with each. It adds the
// statements that are about a finding, or are near one, to the others.
func (a *Assembly) join(statements map[string]Statement) []Finding {
	slices.SortFunc(a.statements, func(x, y stated) int {
		if c := x.Made.Compare(y.Made); c != 0 {
			return c
		}
		return strings.Compare(x.id, y.id)
	})
	byName := map[string][]*stated{}
	for i := range a.statements {
		for _, name := range a.statements[i].Names() {
			byName[strings.ToUpper(name)] = append(byName[strings.ToUpper(name)], &a.statements[i])
		}
	}
	of := vex.Artifact{Digests: []string{a.digest}, PURLs: keysOf(a.purls)}
	all := []Finding{}
	for _, m := range findings.Merge(a.reports) {
		f := Finding{Merged: m, VEX: []string{}, Near: []Near{}}
		f.look(of, byName, statements)
		all = append(all, f)
	}
	return all
}

// look finds the statements on one finding, the earliest first.
func (f *Finding) look(of vex.Artifact, byName map[string][]*stated, statements map[string]Statement) {
	at := vex.Finding{IDs: append([]string{f.ID}, f.Aliases...), PURL: f.Package.PURL, Name: f.Package.Name, Version: f.Package.Version}
	var near []*stated
	for _, id := range at.IDs {
		for _, s := range byName[strings.ToUpper(id)] {
			if !slices.Contains(near, s) {
				near = append(near, s)
			}
		}
	}
	slices.SortStableFunc(near, func(x, y *stated) int {
		if c := x.Made.Compare(y.Made); c != 0 {
			return c
		}
		return strings.Compare(x.id, y.id)
	})
	for _, s := range near {
		about, why := s.About(of, at)
		switch {
		case about:
			f.VEX = append(f.VEX, s.id)
			statements[s.id] = s.input()
		case len(f.Near) < maxNear:
			f.Near = append(f.Near, Near{s.id, why})
		}
	}
}

func (s *stated) input() Statement {
	products := []string{}
	for _, p := range s.Products {
		products = append(append(products, p.PURLs...), p.Digests...)
	}
	slices.Sort(products)
	return Statement{
		Source: s.Source, Vulnerability: s.Vulnerability, Status: s.Status, Justification: s.Justification, Impact: s.Impact,
		Action: s.Action, Author: s.Author, Made: Instant(s.Made), Expires: Instant(s.Expires), Products: orEmpty(slices.Compact(products)), Format: s.format,
	}
}
