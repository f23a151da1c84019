package findings

import (
	"regexp"
	"strings"
)

var cve = regexp.MustCompile(`\A(?i:CVE)-[0-9]{4}-[0-9]{4,19}\z`)

func isCVE(id string) bool { return cve.MatchString(id) }

// spelled writes a CVE in capitals; other names are what they are.
func spelled(id string) string {
	if isCVE(id) {
		return strings.ToUpper(id)
	}
	return id
}

// name puts the CVE first where the finding's own ID is none and its aliases have one.
func (f *Finding) name() {
	f.ID = spelled(f.ID)
	var aliases, cves []string
	for _, a := range f.Aliases {
		aliases = append(aliases, spelled(a))
	}
	for _, a := range once(aliases) {
		if isCVE(a) {
			cves = append(cves, a)
		}
	}
	if !isCVE(f.ID) && len(cves) == 1 {
		f.ID, aliases = cves[0], append(aliases, f.ID)
	}
	f.Aliases = without(once(aliases), f.ID)
}

func without(texts []string, out string) []string {
	kept := []string{}
	for _, t := range texts {
		if t != out {
			kept = append(kept, t)
		}
	}
	return kept
}
