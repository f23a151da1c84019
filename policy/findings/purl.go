package findings

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// noise are qualifiers of purls that say how a scanner found a package and not which it is.
var noise = []string{"distro", "upstream", "package-id"}

// key names a package for merging: by its purl, or else by name and version. The same purl is escaped in several ways
// ("+", "%2B"), and has other qualifiers by each scanner; those that tell packages apart (arch, epoch, classifier) stay.
func (p Package) key() string {
	if p.PURL == "" {
		return fmt.Sprintf("name %q %q", p.Name, p.Version)
	}
	rest, subpath, _ := strings.Cut(p.PURL, "#")
	path, query, _ := strings.Cut(rest, "?")
	var kept []string
	for q := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(q, "=")
		if q != "" && !slices.Contains(noise, name) {
			kept = append(kept, unescaped(q))
		}
	}
	slices.Sort(kept)
	return fmt.Sprintf("purl %q %q %q", segments(path), kept, subpath)
}

// segments takes a purl's path apart before it undoes escapes: an escaped slash is none. The version is behind the last "@".
func segments(path string) []string {
	version := ""
	if at := strings.LastIndexByte(path, '@'); at > strings.LastIndexByte(path, '/') {
		path, version = path[:at], path[at+1:]
	}
	parts := append(strings.Split(path, "/"), version)
	for i, part := range parts {
		parts[i] = unescaped(part)
	}
	return parts
}

func unescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
