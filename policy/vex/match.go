package vex

import (
	"fmt"
	"slices"
	"strings"

	"stellad/sbom/fault"
)

// An Artifact is what findings are in.
type Artifact struct {
	Digests []string // "sha256:" and hex: of its bytes or manifests
	PURLs   []string // that verified documents give it
}

// A Finding is one vulnerability in one package of an artifact.
type Finding struct {
	IDs     []string // all names of the vulnerability
	PURL    string   // of the package; empty where it is not known
	Name    string   // of the package, for people
	Version string   // likewise
}

// About says whether the statement speaks about f in a, and if not, why not, in
// one line. It does if they name the same vulnerability, and one of the
// products is
//
//   - the artifact, by its digest, or where the product has no digest by a
//     package URL; and, if it has subcomponents, one of them is f's package;
//   - or f's package itself, by a package URL that has a version, and without
//     a digest. Then it is about that package in any artifact.
//
// What can't be held against each other does not match.
func (s *Statement) About(a Artifact, f Finding) (bool, string) {
	if !sameVulnerability(s.Names(), f.IDs) {
		return false, line("it is about " + s.Vulnerability)
	}
	nearest := miss{why: "it is about no product"}
	for i := range s.Products {
		m := s.Products[i].about(a, f)
		if m == nil {
			return true, ""
		}
		if i == 0 || m.nearer(nearest) {
			nearest = *m
		}
	}
	return false, line(nearest.why)
}

// line cuts and escapes what has a stranger's text in it.
func line(text string) string { return fault.At(0, "", "%s", text).Error() }

// sameVulnerability looks for a name in common. Where both sides name CVEs it
// must be one of those: an alias can stand for several.
func sameVulnerability(said, found []string) bool {
	byCVE := slices.ContainsFunc(said, isCVE) && slices.ContainsFunc(found, isCVE)
	return slices.ContainsFunc(said, func(name string) bool {
		if isCVE(name) {
			return slices.ContainsFunc(found, func(id string) bool { return strings.EqualFold(id, name) })
		}
		return !byCVE && name != "" && slices.Contains(found, name)
	})
}

// A miss says how near a product came, and why it is not the one.
type miss struct {
	steps int // that matched before; of several misses the one with the most is told
	why   string
}

func (m miss) nearer(than miss) bool {
	if m.steps != than.steps || than.why == "" {
		return m.steps > than.steps || than.why == ""
	}
	return m.why < than.why // so that the order of products does not show
}

const (
	noIdentity = iota
	otherThing
	otherVersion
	otherQualifier
	otherPart
)

func missed(steps int, format string, args ...any) *miss {
	return &miss{steps, fmt.Sprintf(format, args...)}
}

// about gives nil for a product that f in a is meant by.
func (p *Product) about(a Artifact, f Finding) *miss {
	m := p.isArtifact(a)
	if m == nil {
		return p.hasPart(f)
	}
	if len(p.Subcomponents) > 0 || len(p.Digests) > 0 {
		return m
	}
	other := p.isPackage(f)
	if other != nil && other.steps <= m.steps {
		return m
	}
	return other
}

// hasPart looks for the finding's package among the subcomponents.
func (p *Product) hasPart(f Finding) *miss {
	if len(p.Subcomponents) == 0 {
		return nil
	}
	nearest := miss{}
	for i := range p.Subcomponents {
		m := p.Subcomponents[i].isPart(f)
		if m == nil {
			return nil
		}
		if m.nearer(nearest) {
			nearest = *m
		}
	}
	return missed(otherPart+nearest.steps, "in that product it is about other packages: %s", nearest.why)
}

// isPart says whether a subcomponent is the finding's package. Its digest is
// not asked: that of a package in an artifact is not known.
func (p *Product) isPart(f Finding) *miss {
	if len(p.PURLs) == 0 {
		return missed(noIdentity, "%s is named by no package URL", p.label())
	}
	if f.PURL == "" {
		return missed(noIdentity, "the package %s has no package URL", f.label())
	}
	return matchPURLs(p.PURLs, []string{f.PURL})
}

// isPackage says whether a product is the finding's package itself, wherever it
// is. Its version must be said: a package that is right in one may be wrong in
// the next, and nobody looked at this artifact.
func (p *Product) isPackage(f Finding) *miss {
	if m := p.isPart(f); m != nil {
		return m
	}
	for _, text := range slices.Sorted(slices.Values(p.PURLs)) {
		if purl, err := parsePURL(text); err != nil || purl.Version == "" {
			return missed(otherVersion, "its product %s is a package without a version, and not the artifact", text)
		}
	}
	return nil
}

func (p *Product) label() string {
	switch {
	case len(p.PURLs) > 0:
		return slices.Min(p.PURLs)
	case len(p.Digests) > 0:
		return slices.Min(p.Digests)
	case p.Name != "":
		return p.Name
	}
	return "without a name"
}

func (f Finding) label() string { return strings.TrimSpace(f.Name + " " + f.Version) }
