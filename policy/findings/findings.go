package findings

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Caps on what is read. What has more is refused.
const (
	MaxSize     = 64 << 20 // of a report, in bytes
	MaxFindings = 100_000  // of a report
	maxTokens   = 8 << 20  // of JSON: names, texts, numbers, brackets
	maxElements = 2 << 20  // of XML
	maxEach     = 200      // aliases, scores and fixed versions of a finding, each
	maxText     = 2048     // of a package's name, version or purl, or a vector, in bytes
	maxID       = 256      // of an ID, and of who gave a score, in bytes
)

var (
	// ErrReport is wrapped by every reason for which a report is refused.
	ErrReport = errors.New("not a report that can be counted on")
	// ErrNotReport is of what is no report, and claims to be none: another predicate, an SBOM without vulnerabilities.
	ErrNotReport = errors.New("no scan report")
)

// A Report is what a scan report says. Lists but Findings are sorted, each value once.
type Report struct {
	Format    string    // "grype", "trivy", "cyclonedx", "sarif", "vulns"
	Tool      string    // name and version
	Made      string    // RFC 3339 in UTC to the second; empty where it is not stated, or is no time
	Artifacts []string  // "sha256:" and 64 digits of lower-case hex: what it says that it is about
	Findings  []Finding // in the report's order, as often as it has them
}

// A Finding is one entry of a report: a vulnerability in a package.
type Finding struct {
	ID       string   // the report's own, or the one CVE among its aliases
	Aliases  []string // other names of the same vulnerability; sorted, without ID
	Package  Package  // empty where the report names none
	Severity string   // critical, high, medium, low, none, unknown
	Scores   []Score
	Fixed    []string // versions, as stated; sorted
}

// A Score is one that a report has, as it has it.
type Score struct {
	By     string   // "nvd", "ghsa", a vendor, lower-case; "unnamed" where the report does not say
	Vector string   // may be empty, or none
	Stated *float64 // from 0 to 10; nil where none is
}

// Package is where a vulnerability is. What is not stated is empty.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// reader gives what reads a format: those that evidence/kind knows, by its words, and in-toto's vulns.
func reader(format string) func(*reading, []byte) error {
	switch format {
	case "grype":
		return readGrype
	case "trivy":
		return readTrivy
	case "cyclonedx":
		return readCycloneDX
	case "sarif":
		return readSARIF
	case "vulns":
		return readVulns
	}
	return nil
}

// Parse reads a report of a format: "grype", "trivy", "cyclonedx", "sarif", or "vulns", the predicate of in-toto's vulns.
// Errors wrap ErrReport and say in one line where and what; or ErrNotReport, for a CycloneDX document without vulnerabilities
// and for another format.
func Parse(format string, text []byte) (*Report, error) {
	if reader(format) == nil {
		return nil, fmt.Errorf("%w: the format %.40q", ErrNotReport, format)
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: %s: it has more than %d MiB", ErrReport, format, MaxSize>>20)
	}
	report, err := parse(format, text)
	switch {
	case errors.Is(err, ErrNotReport):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrReport, format, err)
	}
	return report, nil
}

// parse reads a report of a format that has a reader. Its errors do not name the format, and of Parse's wrap ErrNotReport alone.
func parse(format string, text []byte) (*Report, error) {
	r := &reading{report: &Report{Format: format, Findings: []Finding{}}}
	if err := reader(format)(r, text); err != nil {
		return nil, err
	}
	r.report.Artifacts = once(r.report.Artifacts)
	return r.report, nil
}

// once sorts texts, and leaves out empty ones and those that are there twice. It is never nil.
func once(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// utc gives a stated time, or nothing where it is none.
func utc(stated string) string {
	at, err := time.Parse(time.RFC3339, stated)
	if err != nil || at.UTC().Year() < 1970 || at.UTC().Year() > 9999 {
		return ""
	}
	return at.UTC().Truncate(time.Second).Format(time.RFC3339)
}
