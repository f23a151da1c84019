package vex

import (
	"errors"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"
)

// maxPURL is the length in bytes of a package URL that is looked into.
const maxPURL = 2048

// parsePURL reads a package URL and brings it into the form in which two of
// them can be compared.
func parsePURL(text string) (packageurl.PackageURL, error) {
	if len(text) > maxPURL {
		return packageurl.PackageURL{}, fmt.Errorf("a package URL of more than %d bytes", maxPURL)
	}
	p, err := packageurl.FromString(text)
	if err != nil {
		return p, fmt.Errorf("it is no package URL: %w", err)
	}
	// The library reads "name@" as if it had no version: as all of them.
	path, _, _ := strings.Cut(text, "#")
	path, _, _ = strings.Cut(path, "?")
	if strings.HasSuffix(path, "@") {
		return p, errors.New("it is no package URL: nothing stands after its @")
	}
	return p, nil
}

// isPURL says whether a text means to be a package URL.
func isPURL(text string) bool {
	return len(text) >= 4 && strings.EqualFold(text[:4], "pkg:")
}

// digestsOf gives the SHA-256 digests by which a package URL names content: the
// version of an OCI image, and the qualifiers digest and checksum.
func digestsOf(p packageurl.PackageURL) []string {
	var list []string
	add := func(text string) {
		if text = strings.ToLower(text); strings.HasPrefix(text, "sha256:") {
			list = append(list, text)
		}
	}
	add(p.Version)
	for _, q := range p.Qualifiers {
		if q.Key != "digest" && q.Key != "checksum" {
			continue
		}
		for one := range strings.SplitSeq(q.Value, ",") {
			add(one)
		}
	}
	return list
}
