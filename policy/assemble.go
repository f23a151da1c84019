package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"stellad/evidence/kind"
	"stellad/policy/findings"
	"stellad/policy/vex"
)

// An Assembly gathers what there is on one artifact, in any order. It is told of verified documents and of those left out;
// what a verified document says is read here.
type Assembly struct {
	digest     string
	names      map[string]bool
	purls      map[string]bool
	facts      Facts
	reports    map[string]*findings.Report
	statements []stated
}

// stated is a VEX statement, and whose.
type stated struct {
	Source
	vex.Statement

	format string
	id     string
}

// NewAssembly begins one on an artifact, "sha256:" and 64 digits.
func NewAssembly(digest string) *Assembly {
	return &Assembly{
		digest: digest, names: map[string]bool{}, purls: map[string]bool{}, reports: map[string]*findings.Report{},
		facts: Facts{Statements: map[string]Statement{}, Keys: map[string]Key{}},
	}
}

// Named tells of a name that a verified statement gives the artifact.
func (a *Assembly) Named(name string) {
	switch {
	case name == "":
	case len(name) > 4 && name[:4] == "pkg:":
		a.purls[name] = true
	default:
		a.names[name] = true
	}
}

// Key tells of a key that signed: its SHA-256, and what is known of it.
func (a *Assembly) Key(sha256 string, k Key) { a.facts.Keys[sha256] = k }

// LeaveOut tells of evidence that counts for nothing, and why.
func (a *Assembly) LeaveOut(evidence string, kind kind.Kind, why string) {
	a.facts.Unverified = append(a.facts.Unverified, Unverified{evidence, string(kind), why})
}

// Attestation tells of a verified statement, and reads what it says: a predicate is a report, an SBOM, VEX or provenance by
// its type or by its own bytes. One that can't be read is an attestation all the same, and what it says is left out.
func (a *Assembly) Attestation(s Source, predicateType string, predicate []byte) {
	at := Attestation{Source: s, PredicateType: predicateType, Origins: []string{}}
	k, err := kind.Of(bytes.NewReader(predicate))
	if err != nil {
		k = kind.Statement
	}
	if err := a.read(s, &at, k, predicate); err != nil {
		a.LeaveOut(s.Evidence, k, err.Error())
	}
	a.facts.Attestations = append(a.facts.Attestations, at)
}

func (a *Assembly) read(s Source, at *Attestation, k kind.Kind, predicate []byte) error {
	switch k {
	case kind.OpenVEX:
		return a.vex(s, "openvex", predicate)
	case kind.CSAF:
		return a.vex(s, "csaf", predicate)
	case kind.Grype, kind.Trivy, kind.SARIF:
		return a.report(s, string(k), predicate)
	case kind.CycloneDX, kind.SPDX:
		return a.document(s, predicate)
	}
	if isProvenance(at.PredicateType) {
		return at.provenance(predicate)
	}
	r, err := findings.ParsePredicate(at.PredicateType, predicate)
	if errors.Is(err, findings.ErrNotReport) {
		return nil
	}
	return a.reported(s, r, err)
}

func (a *Assembly) report(s Source, format string, text []byte) error {
	r, err := findings.Parse(format, text)
	return a.reported(s, r, err)
}

func (a *Assembly) reported(s Source, r *findings.Report, err error) error {
	if err != nil {
		return fmt.Errorf("its report can't be read: %w", err)
	}
	a.reports[s.Evidence] = r
	a.facts.Reports = append(a.facts.Reports, Report{s, r.Format, r.Tool, r.Made, len(r.Findings)})
	return nil
}

func (a *Assembly) vex(s Source, format string, text []byte) error {
	all, err := vex.Parse(format, text)
	if err != nil {
		return fmt.Errorf("its VEX can't be read: %w", err)
	}
	for _, one := range all {
		a.statements = append(a.statements, stated{s, one, format, fmt.Sprintf("%s/%d", s.Evidence, one.Index)})
	}
	return nil
}

// Facts gives all of it, in the one order.
func (a *Assembly) Facts() Facts {
	f := a.facts
	f.Artifact = Artifact{a.digest, keysOf(a.names), keysOf(a.purls)}
	bySource := func(x, y Source) int { return cmp.Compare(x.Evidence, y.Evidence) }
	slices.SortFunc(f.Attestations, func(x, y Attestation) int { return bySource(x.Source, y.Source) })
	slices.SortFunc(f.SBOMs, func(x, y SBOM) int { return bySource(x.Source, y.Source) })
	slices.SortFunc(f.Reports, func(x, y Report) int { return bySource(x.Source, y.Source) })
	slices.SortFunc(f.Unverified, func(x, y Unverified) int {
		return cmp.Or(cmp.Compare(x.Evidence, y.Evidence), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Why, y.Why))
	})
	f.Findings = a.join(f.Statements)
	f.Attestations, f.SBOMs, f.Reports = orEmpty(f.Attestations), orEmpty(f.SBOMs), orEmpty(f.Reports)
	f.Findings, f.Unverified = orEmpty(f.Findings), orEmpty(f.Unverified)
	return f
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func keysOf(set map[string]bool) []string {
	all := []string{}
	for name := range set {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Instant writes a time as an Input has it; a zero one is empty.
func Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
