package vex

import (
	"strings"
	"testing"
)

const (
	image   = "pkg:oci/app@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	stray   = "pkg:oci/app@sha256%3Abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	openssl = "pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12"
)

// app is an artifact with a digest and two package URLs; in it is openssl.
var (
	app     = Artifact{Digests: []string{appDigest}, PURLs: []string{image + "?arch=amd64", "pkg:docker/example/app@1.2"}}
	finding = Finding{IDs: []string{"CVE-2026-1000", "GHSA-aaaa-bbbb-cccc"}, PURL: openssl, Name: "openssl", Version: "3.0.1"}
)

func purls(texts ...string) Product { return Product{PURLs: texts} }

func (p Product) with(parts ...Product) Product {
	p.Subcomponents = parts
	return p
}

func TestAboutProducts(t *testing.T) {
	digest := Product{Digests: []string{appDigest}}
	for name, c := range map[string]struct {
		product Product
		why     string // empty: it is about the finding
	}{
		"by digest":                                 {digest, ""},
		"by digest, the package too":                {digest.with(purls(openssl)), ""},
		"by digest, a package of two":               {digest.with(purls("pkg:deb/debian/zlib"), purls("pkg:deb/debian/openssl")), ""},
		"by image digest":                           {purls(image), ""},
		"by image digest, wherever it is":           {purls(image + "?repository_url=registry.example/app&tag=1.2"), ""},
		"by image digest of another name":           {purls(strings.Replace(image, "/app", "/other", 1)), ""},
		"by image digest in capitals":               {purls(strings.Replace(image, "3Aaaa", "3AAAA", 1)), ""},
		"by a checksum":                             {purls("pkg:generic/app?checksum=sha256:" + appDigest[7:]), ""},
		"by image digest and arch":                  {purls(image + "?arch=amd64"), ""},
		"by purl":                                   {purls("pkg:docker/example/app@1.2"), ""},
		"by purl, all versions":                     {purls("pkg:docker/example/app"), ""},
		"by one of two purls":                       {purls("pkg:docker/example/app", "pkg:npm/app@7"), ""},
		"the package itself":                        {purls(openssl), ""},
		"the package itself, any distro":            {purls("pkg:deb/debian/openssl@3.0.1"), ""},
		"the package itself, in its normal form":    {purls("pkg:DEB/Debian/OpenSSL@3.0.1"), ""},
		"the package itself, escaped":               {purls("pkg:deb/debian/openssl@3%2E0.1"), ""},
		"another digest":                            {Product{Digests: []string{otherDigest}}, "another artifact"},
		"another digest, and our purl":              {Product{Digests: []string{otherDigest}, PURLs: []string{"pkg:docker/example/app@1.2"}}, "another artifact"},
		"a digest of no length, and our purl":       {Product{Digests: []string{"sha256:"}, PURLs: []string{"pkg:docker/example/app@1.2"}}, "another artifact"},
		"another digest, and our package":           {Product{Digests: []string{otherDigest}, PURLs: []string{openssl}}, "another artifact"},
		"a digest of another kind, and our purl":    {Product{Digests: []string{"sha512:00"}, PURLs: []string{"pkg:docker/example/app@1.2"}}, "another artifact"},
		"another image":                             {purls(stray), "another artifact"},
		"another image, the same package":           {purls(stray).with(purls(openssl)), "another artifact"},
		"our image, and another":                    {purls(image, stray), "another artifact"},
		"another checksum":                          {purls("pkg:generic/app?checksum=sha256:" + otherDigest[7:]), "another artifact"},
		"checksums, one of them another":            {purls("pkg:generic/app?checksum=sha256:" + appDigest[7:] + ",sha256:" + otherDigest[7:]), "another artifact"},
		"image of another arch":                     {purls(image + "?arch=arm64"), "qualifier arch=arm64 is not known of the artifact"},
		"image of an OS that is not known":          {purls(image + "?os=linux"), "qualifier os=linux"},
		"another version":                           {purls("pkg:docker/example/app@1.3"), "version 1.3 is not 1.2"},
		"a version before it":                       {purls("pkg:docker/example/app@1"), "version 1 is not 1.2"},
		"a version with a v":                        {purls("pkg:docker/example/app@v1.2"), "version v1.2 is not 1.2"},
		"another version, and none":                 {purls("pkg:docker/example/app", "pkg:docker/example/app@1.3"), "version 1.3 is not 1.2"},
		"another namespace":                         {purls("pkg:docker/library/app@1.2"), "is not pkg:"},
		"no namespace":                              {purls("pkg:docker/app@1.2"), "is not pkg:"},
		"another type":                              {purls("pkg:generic/example/app@1.2"), "is not pkg:"},
		"a qualifier that is not known":             {purls("pkg:docker/example/app@1.2?arch=amd64"), "qualifier arch=amd64 is not known"},
		"a subpath":                                 {purls("pkg:docker/example/app@1.2#bin"), "subpath bin"},
		"the package of another version":            {purls("pkg:deb/debian/openssl@3.0.2"), "version 3.0.2 is not 3.0.1"},
		"the package of another arch":               {purls("pkg:deb/debian/openssl@3.0.1?arch=arm64"), "qualifier arch=arm64 is not amd64"},
		"the package of another distro":             {purls("pkg:deb/ubuntu/openssl@3.0.1"), "is not pkg:"},
		"the package of all versions":               {purls("pkg:deb/debian/openssl"), "a package without a version"},
		"the package, with subcomponents":           {purls(openssl).with(purls(openssl)), "is not pkg:"},
		"our image, another package":                {digest.with(purls("pkg:deb/debian/zlib@1")), "other packages: its product pkg:deb/debian/zlib@1 is not"},
		"our image, another version of the package": {digest.with(purls("pkg:deb/debian/openssl@3.0.2")), "version 3.0.2 is not 3.0.1"},
		"our image, a package by name":              {digest.with(Product{Name: "openssl"}), "openssl is named by no package URL"},
		"our image, a package by digest":            {digest.with(Product{Digests: []string{otherDigest}}), "named by no package URL"},
		"by name":                                   {Product{Name: "app"}, "app is named by no digest or package URL"},
		"by a name of two lines":                    {Product{Name: "app\nit is about it"}, `app\nit is about it is named by no digest`},
		"by nothing":                                {Product{}, "named by no digest"},
		"what is no purl":                           {purls("pkg:"), "no package URL"},
		"a wildcard":                                {purls("pkg:docker/example/app@*"), "version * is not 1.2"},
		"a range":                                   {purls("pkg:docker/example/app?vers=vers:docker/*"), "qualifier vers="},
	} {
		t.Run(name, func(t *testing.T) {
			s := Statement{Vulnerability: "CVE-2026-1000", Products: []Product{c.product}}
			is, why := s.About(app, finding)
			if is != (c.why == "") || !strings.Contains(why, c.why) || strings.Contains(why, "\n") {
				t.Errorf("%v: %q; %q is wanted", is, why, c.why)
			}
		})
	}
}

func TestAboutVulnerability(t *testing.T) {
	for _, c := range []struct {
		said, found []string
		want        bool
	}{
		{[]string{"CVE-2026-1000"}, []string{"CVE-2026-1000"}, true},
		{[]string{"cve-2026-1000"}, []string{"CVE-2026-1000"}, true},
		{[]string{"GHSA-a"}, []string{"CVE-2026-1000", "GHSA-a"}, true},
		{[]string{"CVE-2026-1000", "GHSA-a"}, []string{"GHSA-a"}, true},
		{[]string{"GHSA-b", "CVE-2026-1000"}, []string{"GHSA-a", "CVE-2026-1000"}, true},
		{[]string{"CVE-2026-1000"}, []string{"CVE-2026-10000"}, false},
		{[]string{"CVE-2026-10000"}, []string{"CVE-2026-1000"}, false},
		{[]string{"CVE-2026-1000 "}, []string{"CVE-2026-1000"}, false},
		{[]string{"ghsa-a"}, []string{"GHSA-a"}, false},
		{[]string{"CVE-2026-1", "GHSA-a"}, []string{"GHSA-a"}, true}, // CVE-2026-1 is none: four digits at least
		{[]string{"CVE-2026-1000", "GHSA-a"}, []string{"CVE-2026-2000", "GHSA-a"}, false},
		{[]string{""}, []string{""}, false},
		{[]string{"CVE-2026-1000"}, nil, false},
		{[]string{"https://nvd.nist.gov/vuln/detail/CVE-2026-1000"}, []string{"CVE-2026-1000"}, false},
	} {
		f := finding
		f.IDs = c.found
		s := Statement{Vulnerability: c.said[0], Aliases: c.said[1:], Products: []Product{{Digests: []string{appDigest}}}}
		is, why := s.About(app, f)
		if is != c.want || is == (why != "") || !is && why != "it is about "+c.said[0] {
			t.Errorf("%q of %q: %v, %q", c.said, c.found, is, why)
		}
	}
}

// TestAboutUnknown takes away what is known of the artifact and the package.
func TestAboutUnknown(t *testing.T) {
	bare := Artifact{Digests: []string{appDigest}}
	nameless := finding
	nameless.PURL = ""
	for name, c := range map[string]struct {
		product Product
		a       Artifact
		f       Finding
		want    bool
	}{
		"digest, nothing else known":         {Product{Digests: []string{appDigest}}, bare, nameless, true},
		"image digest, nothing else known":   {purls(image), bare, nameless, true},
		"image digest and arch, not known":   {purls(image + "?arch=amd64"), bare, finding, false},
		"image digest and arch, of another":  {purls(image + "?arch=amd64"), Artifact{Digests: bare.Digests, PURLs: []string{openssl}}, finding, false},
		"purl, none known":                   {purls("pkg:docker/example/app"), bare, finding, false},
		"subcomponent, no purl known":        {Product{Digests: []string{appDigest}}.with(purls(openssl)), app, nameless, false},
		"package itself, no purl known":      {purls(openssl), app, nameless, false},
		"package itself, no version known":   {purls(openssl), app, Finding{IDs: finding.IDs, PURL: "pkg:deb/debian/openssl"}, false},
		"package itself, its purl is none":   {purls(openssl), app, Finding{IDs: finding.IDs, PURL: "openssl"}, false},
		"artifact of which nothing is known": {Product{Digests: []string{appDigest}}, Artifact{}, finding, false},
		"a digest of nothing":                {Product{Digests: []string{""}}, Artifact{Digests: []string{"sha256:"}}, finding, false},
	} {
		s := Statement{Vulnerability: "CVE-2026-1000", Products: []Product{c.product}}
		if is, why := s.About(c.a, c.f); is != c.want || is == (why != "") {
			t.Errorf("%s: %v, %q", name, is, why)
		}
	}
}

// TestAboutNameless tells that it is the package of which too little is known.
func TestAboutNameless(t *testing.T) {
	s := Statement{Vulnerability: "CVE-2026-1000", Products: []Product{Product{Digests: []string{appDigest}}.with(purls(openssl))}}
	is, why := s.About(app, Finding{IDs: []string{"CVE-2026-1000"}, Name: "openssl", Version: "3.0.1"})
	if is || !strings.Contains(why, "the package openssl 3.0.1 has no package URL") {
		t.Errorf("%v, %q", is, why)
	}
}

func TestAboutNone(t *testing.T) {
	s := Statement{Vulnerability: "CVE-2026-1000"}
	if is, why := s.About(app, finding); is || why == "" {
		t.Errorf("a statement about no product: %v, %q", is, why)
	}
}

// TestExamplesAbout is the way from a document to a finding.
func TestExamplesAbout(t *testing.T) {
	for format, want := range map[string]int{OpenVEX: 1, CSAF: 2, CycloneDX: 1} {
		count := 0
		for _, s := range parse(t, format, example(t, format)) {
			if is, _ := s.About(app, finding); is {
				count++
			}
		}
		if count != want {
			t.Errorf("%s: %d statements about it, not %d", format, count, want)
		}
	}
}

func BenchmarkAbout(b *testing.B) {
	s := Statement{Vulnerability: "CVE-2026-1000", Products: []Product{purls(image).with(purls(openssl))}}
	other := Statement{Vulnerability: "CVE-2026-2000", Products: s.Products}
	b.Run("it is", func(b *testing.B) {
		for b.Loop() {
			s.About(app, finding)
		}
	})
	b.Run("another vulnerability", func(b *testing.B) {
		for b.Loop() {
			other.About(app, finding)
		}
	})
}
