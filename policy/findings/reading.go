package findings

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"stellad/attest/strictjson"
	"stellad/sbom/fault"
)

// A reading is a report under way.
type reading struct{ report *Report }

// decode reads one JSON document as a T. A byte order mark, which tools for SARIF write, is no part of it.
func decode[T any](text []byte) (*T, error) {
	one, err := strictjson.One(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), maxTokens)
	if err != nil {
		return nil, fault.At(0, "", "%s", err)
	}
	into, err := strictjson.Decode[T](one)
	if err == nil {
		return into, nil
	}
	var wrong *json.SemanticError
	if !errors.As(err, &wrong) {
		return nil, fault.At(0, "", "%s", err)
	}
	what := fmt.Sprintf("a %s is not what belongs here", kindOf(wrong))
	if wrong.Err != nil {
		what = wrong.Err.Error()
	}
	return nil, fault.At(1+bytes.Count(one[:min(int(wrong.ByteOffset), len(one))], []byte("\n")), string(wrong.JSONPointer), "%s", what)
}

// kindOf names what stands in a document.
func kindOf(wrong *json.SemanticError) string {
	switch wrong.JSONKind {
	case '"':
		return "text"
	case '{':
		return "object"
	case '[':
		return "list"
	case '0':
		return "number"
	}
	return "value"
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
	r.report.Findings = append(r.report.Findings, f)
	return nil
}

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

func check(path string, f Finding) error {
	if f.ID == "" {
		return fault.At(0, path, "a finding without an ID")
	}
	for what, list := range map[string]int{"aliases": len(f.Aliases), "scores": len(f.Scores), "fixed versions": len(f.Fixed)} {
		if list > maxEach {
			return fault.At(0, path, "more than %d %s", maxEach, what)
		}
	}
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if err := plain(path, id); err != nil {
			return err
		}
	}
	for _, text := range append([]string{f.Package.Name, f.Package.Version, f.Package.PURL}, f.Fixed...) {
		if len(text) > maxText { // and else as it is: real versions have a zero byte in them
			return fault.At(0, path, "a text of more than %d bytes: %s", maxText, fault.Quote(text))
		}
	}
	return checkScores(path, f.Scores)
}

func checkScores(path string, scores []Score) error {
	for _, s := range scores {
		if err := plain(path, s.By); err != nil {
			return err
		}
		if len(s.Vector) > maxText {
			return fault.At(0, path, "a vector of more than %d bytes", maxText)
		}
		if s.Stated != nil && !(*s.Stated >= 0 && *s.Stated <= 10) {
			return fault.At(0, path, "the score %v by %s: scores are from 0 to 10", *s.Stated, s.By)
		}
	}
	return nil
}

// plain refuses names that are too long, or would not print as they are.
func plain(path, text string) error {
	if len(text) > maxID {
		return fault.At(0, path, "a name of more than %d bytes: %s", maxID, fault.Quote(text))
	}
	odd := func(c rune) bool { return !unicode.IsPrint(c) && c != utf8.RuneError }
	if !utf8.ValidString(text) || strings.IndexFunc(text, odd) >= 0 {
		return fault.At(0, path, "a name with characters that do not print: %s", fault.Quote(text))
	}
	return nil
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
