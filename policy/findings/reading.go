package findings

import (
	"regexp"
	"strings"

	"stellad/sbom/fault"
)

// A reading is a report under way.
type reading struct {
	report *Report
	spread int // of its findings
}

// add takes a finding in, which stands at path, under the ID that it is to have.
func (r *reading) add(path string, f Finding) error {
	if len(r.report.Findings) == MaxFindings {
		return fault.At(0, path, "more than %d findings", MaxFindings)
	}
	f.ID = strings.TrimSpace(f.ID)
	if err := check(path, f); err != nil {
		return err
	}
	f.name()
	f.Fixed = once(f.Fixed)
	if r.spread += f.spread(); r.spread > maxSpread {
		return fault.At(0, path, "too many CVEs in one finding, here and in those before it")
	}
	r.report.Findings = append(r.report.Findings, f)
	return nil
}

// spread is what a finding adds to the merged list for each CVE but one.
func (f *Finding) spread() int {
	cves := 0
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if isCVE(id) {
			cves++
		}
	}
	return max(0, cves-1) * (1 + len(f.Aliases) + len(f.Fixed) + len(f.Scores))
}

// source gives the word for who gave a score.
func source(stated string) string {
	word := strings.ToLower(strings.TrimSpace(stated))
	switch {
	case word == "":
		return "unnamed"
	case word == "nvd", strings.HasPrefix(word, "nvd:"), strings.HasPrefix(word, "nvd@"):
		return "nvd"
	case word == "ghsa", word == "github", strings.HasPrefix(word, "github:"), word == "security-advisories@github.com":
		return "ghsa"
	}
	return word
}

var sha256 = regexp.MustCompile(`(?:\A|@)(sha256:[0-9a-f]{64})\z`)

// about keeps the digests among texts: alone, or of references ("name@sha256:…").
func (r *reading) about(texts ...string) {
	for _, t := range texts {
		if m := sha256.FindStringSubmatch(t); m != nil {
			r.report.Artifacts = append(r.report.Artifacts, m[1])
		}
	}
}

// tool joins a name and a version.
func tool(name, version string) string { return strings.TrimSpace(name + " " + version) }
