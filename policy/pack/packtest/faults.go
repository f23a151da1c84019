package packtest

import (
	"fmt"
	"math/rand/v2"

	"stellad/policy"
	"stellad/policy/findings"
)

// A fault makes one gate fail, and no other, in some environments.
type fault struct {
	in  []string
	put func(*rand.Rand, *policy.Input)
}

var faults = map[string]fault{
	"signature":  {[]string{"strict"}, unsign},
	"sbom":       {[]string{"production", "staging", "strict"}, func(_ *rand.Rand, in *policy.Input) { in.SBOMs = []policy.SBOM{} }},
	"freshness":  {[]string{"production", "strict"}, age},
	"cvss":       {[]string{"production", "staging", "development", "strict"}, endanger},
	"unknowns":   {[]string{"production", "strict"}, obscure},
	"vex-proof":  {[]string{"strict"}, unprove},
	"vex-trust":  {[]string{"strict"}, usurp},
	"provenance": {[]string{"strict"}, misbuild},
	"custody":    {[]string{"production", "staging", "strict"}, expose},
}

// unsign leaves one signer of provenance.
func unsign(_ *rand.Rand, in *policy.Input) {
	if len(in.Attestations) > 0 {
		in.Attestations = in.Attestations[:1]
	}
}

// age leaves no report that is young enough.
func age(r *rand.Rand, in *policy.Input) {
	if r.IntN(3) == 0 {
		in.Reports = []policy.Report{}
		return
	}
	for i := range in.Reports {
		in.Reports[i].Proven = pick(r, "", ago(31+r.IntN(20)), "2026-03-01T08:00:01Z")
	}
}

// add is one finding more.
func add(in *policy.Input, id string, score float64) int {
	in.Findings = append(in.Findings, finding(id, score))
	return len(in.Findings) - 1
}

// endanger adds a grave finding, with no statement that takes it out.
func endanger(r *rand.Rand, in *policy.Input) {
	i := add(in, "CVE-2026-0001", 9+float64(r.IntN(11))/10)
	if r.IntN(2) == 0 {
		return
	}
	s := Statement(*in, byKey(Signing))
	s.Justification = "component_not_present"
	switch r.IntN(3) {
	case 0:
		s.Status = pick(r, "affected", "under_investigation")
	case 1:
		s.Expires = pick(r, Now, ago(1))
	default:
		s.Made = "2026-03-01T08:00:01Z"
	}
	Add(in, i, "no-exception", s)
}

// obscure adds findings that nobody scores.
func obscure(r *rand.Rand, in *policy.Input) {
	for j := range 2 + r.IntN(3) {
		i := add(in, fmt.Sprintf("CVE-2026-1%03d", j), 0)
		in.Findings[i].Rating = findings.Rating{By: map[string]float64{}, Differs: []string{}, Severity: "critical"}
	}
}

// unprove adds a statement, on a finding that blocks nothing, which lacks a proof.
func unprove(r *rand.Rand, in *policy.Input) {
	s := Statement(*in, byKey(Signing))
	s.Justification = "component_not_present"
	switch r.IntN(3) {
	case 0:
		s.Justification = ""
	case 1:
		s.Proven = pick(r, "", "2026-03-01T08:00:01Z")
	default:
		s.Logged = false
	}
	Add(in, add(in, "CVE-2026-0002", 3), "unproven", s)
}

// usurp adds a statement, on a finding that blocks nothing, by who may not speak for the artifact.
func usurp(r *rand.Rand, in *policy.Input) {
	signer := byIdentity("https://vendor.example/release")
	if r.IntN(2) == 0 {
		signer = byIdentity(pick(r, "https://other.example/", "key:signing-2026", "mail@vendor.example"))
	}
	s := Statement(*in, signer)
	s.Products = append(s.Products, "pkg:oci/demo@1")
	s.Justification = "component_not_present"
	Add(in, add(in, "CVE-2026-0003", 3), "usurped", s)
}

// misbuild is provenance of others' builders or sources, or of none.
func misbuild(r *rand.Rand, in *policy.Input) {
	kind := r.IntN(3)
	for i := range in.Attestations {
		switch kind {
		case 0:
			in.Attestations[i].Builder = pick(r, "https://other.example/", "")
		case 1:
			in.Attestations[i].Origins = []string{}
		default:
			in.Attestations[i].Origins = append(in.Attestations[i].Origins, "git+https://other.example/demo")
		}
	}
}

// expose has every SBOM signed by a key that is not kept as it should be.
func expose(r *rand.Rand, in *policy.Input) {
	in.Keys[digest(Soft)] = policy.Key{Name: Soft, Custody: "soft", State: "active"}
	if r.IntN(2) == 0 {
		in.Keys[digest(Soft)] = policy.Key{Name: Soft, Custody: "hsm", State: "compromised"}
	}
	for i := range in.SBOMs {
		in.SBOMs[i].Signers = []policy.Signer{byKey(Soft)}
	}
}
