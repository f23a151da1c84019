package vex

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyPURL draws of few parts, so that two often have all but one in common.
func anyPURL(t *rapid.T, versions []string) string {
	text := "pkg:" + rapid.SampledFrom([]string{"deb/debian", "npm", "golang/example.org"}).Draw(t, "type") +
		"/" + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")
	if version := rapid.SampledFrom(versions).Draw(t, "version"); version != "" {
		text += "@" + version
	}
	return text + rapid.SampledFrom([]string{"", "", "?arch=x", "?arch=y"}).Draw(t, "qualifiers")
}

func anyProduct(t *rapid.T, versions []string, depth int) Product {
	var p Product
	for range rapid.IntRange(0, 2).Draw(t, "purls") {
		p.PURLs = append(p.PURLs, anyPURL(t, versions))
	}
	if rapid.IntRange(0, 3).Draw(t, "digest") == 0 {
		p.Digests = []string{rapid.SampledFrom([]string{appDigest, otherDigest}).Draw(t, "of")}
	}
	for range rapid.IntRange(0, depth).Draw(t, "parts") {
		p.Subcomponents = append(p.Subcomponents, anyProduct(t, versions, 0))
	}
	return p
}

func anyArtifact(t *rapid.T, versions []string) (Artifact, Finding) {
	a := Artifact{Digests: []string{appDigest}}
	for range rapid.IntRange(0, 2).Draw(t, "artifact purls") {
		a.PURLs = append(a.PURLs, anyPURL(t, versions))
	}
	return a, Finding{IDs: []string{"CVE-2026-1000"}, PURL: anyPURL(t, versions)}
}

// TestOrderOfNoMeaning shuffles everything that is a list.
func TestOrderOfNoMeaning(t *testing.T) {
	versions := []string{"", "1", "2"}
	rapid.Check(t, func(t *rapid.T) {
		a, f := anyArtifact(t, versions)
		s := Statement{Vulnerability: "CVE-2026-1000"}
		for range rapid.IntRange(0, 3).Draw(t, "products") {
			s.Products = append(s.Products, anyProduct(t, versions, 2))
		}
		is, why := s.About(a, f)
		turned := Statement{Vulnerability: s.Vulnerability, Products: slices.Clone(s.Products)}
		for i := range turned.Products {
			turned.Products[i].PURLs = backwards(turned.Products[i].PURLs)
			turned.Products[i].Subcomponents = backwards(turned.Products[i].Subcomponents)
		}
		turned.Products = backwards(turned.Products)
		a.PURLs = backwards(a.PURLs)
		again, whyAgain := turned.About(a, f)
		if is != again || why != whyAgain {
			t.Fatalf("%v %q, turned round %v %q", is, why, again, whyAgain)
		}
	})
}

func backwards[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// TestVersionsApart has statements of versions that nothing here has: they are
// about nothing, unless the digest says that the artifact is meant, and then of
// its packages none of another version.
func TestVersionsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, f := anyArtifact(t, []string{"", "1", "2"})
		p := anyProduct(t, []string{"3", "4"}, 2)
		s := Statement{Vulnerability: "CVE-2026-1000", Products: []Product{p}}
		is, _ := s.About(a, f)
		if byDigest := slices.Contains(p.Digests, appDigest); is && (!byDigest || len(p.Subcomponents) > 0) {
			t.Fatalf("%+v is about %+v in %+v", p, f, a)
		}
	})
}

// TestMoreIsLess adds a subcomponent that is not there to a product that had
// none, or an identifier that is another's: what was not about the finding
// never becomes about it.
func TestMoreIsLess(t *testing.T) {
	versions := []string{"", "1", "2"}
	rapid.Check(t, func(t *rapid.T) {
		a, f := anyArtifact(t, versions)
		p := anyProduct(t, versions, 2)
		was, _ := (&Statement{Vulnerability: "CVE-2026-1000", Products: []Product{p}}).About(a, f)
		more := p
		if len(p.Subcomponents) == 0 && rapid.Bool().Draw(t, "part") {
			more = p.with(purls("pkg:npm/none@1"))
		} else {
			more.PURLs = append(slices.Clone(p.PURLs), "pkg:npm/none@1")
		}
		is, why := (&Statement{Vulnerability: "CVE-2026-1000", Products: []Product{more}}).About(a, f)
		if is && !was {
			t.Fatalf("%+v: %s", more, why)
		}
	})
}
