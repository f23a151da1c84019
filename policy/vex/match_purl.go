package vex

import (
	"slices"

	"github.com/package-url/packageurl-go"
)

// matchPURLs says whether what said names is one of the things that own names.
func matchPURLs(said, own []string) *miss {
	if len(own) == 0 {
		return missed(otherThing, "its product %s has no digest, and no package URL of the artifact is known", slices.Min(said))
	}
	var nearest miss
	for _, text := range own {
		thing, err := parsePURL(text)
		m := missed(noIdentity, "%s is no package URL", text)
		if err == nil {
			m = matchAll(said, thing)
		}
		if m == nil {
			return nil
		}
		if m.nearer(nearest) {
			nearest = *m
		}
	}
	return &nearest
}

// matchAll holds the package URLs of one product against one thing. One must
// name it, and no other may name the same package and differ: one without a
// version does not take back the version that another says.
func matchAll(said []string, thing packageurl.PackageURL) *miss {
	var nearest miss
	found := false
	for _, text := range said {
		purl, err := parsePURL(text)
		m := missed(noIdentity, "its product %s is no package URL", text)
		if err == nil {
			m = matchPURL(purl, thing)
		}
		if m == nil {
			found = true
		} else if m.nearer(nearest) {
			nearest = *m
		}
	}
	if found && nearest.steps <= otherThing {
		return nil
	}
	return &nearest
}

// matchPURL says whether a thing is what a package URL names: type, namespace
// and name are equal in their normal form; version, qualifiers and subpath
// where the package URL has them.
func matchPURL(purl, thing packageurl.PackageURL) *miss {
	if purl.Type != thing.Type || purl.Namespace != thing.Namespace || purl.Name != thing.Name {
		return missed(otherThing, "its product %s is not %s", purl.ToString(), thing.ToString())
	}
	if purl.Version != "" && purl.Version != thing.Version {
		return missed(otherVersion, "its product's version %s is not %s", purl.Version, orUnknown(thing.Version))
	}
	for _, q := range purl.Qualifiers {
		own := slices.IndexFunc(thing.Qualifiers, func(t packageurl.Qualifier) bool { return t.Key == q.Key })
		if own < 0 {
			return missed(otherQualifier, "qualifier %s=%s is not known of %s", q.Key, q.Value, thing.ToString())
		}
		if thing.Qualifiers[own].Value != q.Value {
			return missed(otherQualifier, "qualifier %s=%s is not %s", q.Key, q.Value, thing.Qualifiers[own].Value)
		}
	}
	if purl.Subpath != "" && purl.Subpath != thing.Subpath {
		return missed(otherQualifier, "subpath %s is not %s", purl.Subpath, orUnknown(thing.Subpath))
	}
	return nil
}

func orUnknown(text string) string {
	if text == "" {
		return "known here"
	}
	return text
}
