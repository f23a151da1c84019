package vex

import (
	"slices"

	"github.com/package-url/packageurl-go"
)

// isArtifact says whether a product is the artifact. A product that has a
// digest is known by it alone.
func (p *Product) isArtifact(a Artifact) *miss {
	if len(p.Digests) > 0 {
		for _, digest := range p.Digests {
			if slices.Contains(a.Digests, digest) {
				return nil
			}
		}
		return missed(otherThing, "its product %s is another artifact", p.label())
	}
	if len(p.PURLs) == 0 {
		return missed(noIdentity, "its product %s is named by no digest or package URL", p.label())
	}
	return p.isArtifactByPURL(a)
}

func (p *Product) isArtifactByPURL(a Artifact) *miss {
	pinned := false
	for _, text := range slices.Sorted(slices.Values(p.PURLs)) {
		purl, err := parsePURL(text)
		if err != nil {
			return missed(noIdentity, "its product %s is no package URL", text)
		}
		digests := digestsOf(purl)
		for _, digest := range digests {
			if !slices.Contains(a.Digests, digest) {
				return missed(otherThing, "its product %s is another artifact", text)
			}
		}
		if len(digests) > 0 {
			pinned = true
			if m := narrowed(purl, a); m != nil {
				return m
			}
		}
	}
	if pinned {
		return nil
	}
	return matchPURLs(p.PURLs, a.PURLs)
}

// places are the qualifiers that say where an image can be had, or that digest
// it: of an image known by its digest they narrow nothing.
var places = []string{"repository_url", "tag", "digest", "checksum", "download_url", "vcs_url"}

// narrowed holds what a package URL says beside its digest, as arch of an index
// of several images, against the artifact's own.
func narrowed(purl packageurl.PackageURL, a Artifact) *miss {
	for _, q := range purl.Qualifiers {
		if slices.Contains(places, q.Key) {
			continue
		}
		if !slices.ContainsFunc(a.PURLs, func(text string) bool {
			own, err := parsePURL(text)
			return err == nil && own.Type == purl.Type && own.Qualifiers.Map()[q.Key] == q.Value
		}) {
			return missed(otherQualifier, "qualifier %s=%s is not known of the artifact", q.Key, q.Value)
		}
	}
	return nil
}
