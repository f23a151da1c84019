package findings

import (
	"fmt"
	"strings"
)

// addCycloneDX makes a finding of each vulnerability in each component that it affects.
func (r *reading) addCycloneDX(c *cdxReport) error {
	packages := map[string]Package{}
	note(packages, append(c.components, c.subject))
	for i, v := range c.vulnerabilities {
		path := fmt.Sprintf("/vulnerabilities/%d", i)
		in := []Package{{}} // the document's subject, where nothing is named
		for _, a := range v.Affects {
			in = append(in, affected(packages, a.Ref))
		}
		f := v.finding()
		for _, f.Package = range in[min(len(v.Affects), 1):] {
			if err := r.add(path, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps components by their references.
func note(packages map[string]Package, components []cdxComponent) {
	for _, c := range components {
		name := c.Name
		if c.Group != "" {
			name = c.Group + "/" + c.Name
		}
		if c.Ref != "" {
			packages[c.Ref] = Package{Name: name, Version: c.Version, PURL: c.PURL}
		}
		note(packages, c.Components)
	}
}

// affected finds a component, which may be another document's: it is named by its reference then.
func affected(packages map[string]Package, ref string) Package {
	if p, is := packages[ref]; is {
		return p
	}
	if strings.HasPrefix(ref, "pkg:") {
		return Package{Name: ref, PURL: ref}
	}
	return Package{Name: ref}
}

func (v cdxVulnerability) finding() Finding {
	f := Finding{Severity: unknown}
	for _, reference := range v.References {
		f.Aliases = append(f.Aliases, reference.ID)
	}
	switch {
	case v.ID != nil: // one that is empty is refused
		f.ID = *v.ID
	case len(f.Aliases) > 0:
		f.ID = f.Aliases[0]
	default:
		f.ID = v.Ref
	}
	var words []string
	for _, rating := range v.Ratings {
		if rating.Severity != "" {
			words = append(words, severity(rating.Severity))
		}
		if s := rating.score(v.Source); s.Vector != "" || s.Stated != nil {
			f.Scores = append(f.Scores, s)
		}
	}
	f.Severity = worst(words)
	return f
}

// score is a rating's, by who is named for it or else for the vulnerability. What is on another scale than CVSS's is none.
func (c cdxRating) score(of cdxSource) Score {
	if c.Method != "" && !strings.HasPrefix(c.Method, "CVSS") {
		return Score{}
	}
	s := Score{By: source(c.Source.Name), Vector: c.Vector, Stated: c.Score}
	if c.Source.Name == "" {
		s.By = source(of.Name)
	}
	if prefix := cdxPrefixes[c.Method]; s.Vector != "" && !strings.HasPrefix(s.Vector, "CVSS:") {
		s.Vector = prefix + s.Vector
	}
	return s
}

// cdxPrefixes complete vectors that do not say their version, as the specification's own examples are.
var cdxPrefixes = map[string]string{"CVSSv3": "CVSS:3.0/", "CVSSv31": "CVSS:3.1/", "CVSSv4": "CVSS:4.0/"}
