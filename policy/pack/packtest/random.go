package packtest

import (
	"fmt"
	"math/rand/v2"

	"stellad/policy"
	"stellad/policy/findings"
)

// Gates are the gates' names in the order of the answer.
var Gates = []string{"signature", "sbom", "freshness", "cvss", "unknowns", "vex-proof", "vex-trust", "provenance", "custody"}

// Random is n inputs that follow from the seed, for the policy of Files. Of 20, 7 pass; 12 fail at one gate each, at
// all gates in turn; and one is anything.
func Random(seed uint64, n int) []policy.Input {
	r := rand.New(rand.NewPCG(seed, 0))
	inputs := make([]policy.Input, n)
	broken := 0
	for i := range inputs {
		switch {
		case i%20 < 7:
			inputs[i] = sound(r, pick(r, "production", "staging", "development", "strict", "strict"))
		case i%20 < 19:
			inputs[i] = failing(r, Gates[broken%len(Gates)])
			broken++
		default:
			inputs[i] = wild(r)
		}
	}
	return inputs
}

// failing is an input for which one gate alone fails.
func failing(r *rand.Rand, gate string) policy.Input {
	f := faults[gate]
	in := sound(r, pick(r, f.in...))
	f.put(r, &in)
	return in
}

// wild has any faults, or an environment that is not there.
func wild(r *rand.Rand) policy.Input {
	in := sound(r, pick(r, "production", "staging", "development", "strict", "elsewhere"))
	for _, gate := range Gates {
		if r.IntN(3) == 0 {
			faults[gate].put(r, &in)
		}
	}
	return in
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// ago is a time so many days before Now, from March 2026 back.
func ago(days int) string {
	return fmt.Sprintf("2026-%02d-%02dT08:00:00Z", 2-(days-1)/28, 28-(days-1)%28)
}

// sound is an input that passes in its environment and in strict: two signers of provenance, an SBOM, reports, findings
// that VEX takes out or that reach nothing.
func sound(r *rand.Rand, environment string) policy.Input {
	in := Empty(environment)
	for name, custody := range map[string]string{Signing: "hsm", Vendor: "elsewhere"} {
		in.Keys[digest(name)] = policy.Key{Name: name, Custody: custody}
	}
	for i, signer := range []policy.Signer{byKey(Signing), byKey(Vendor)} {
		in.Attestations = append(in.Attestations, provenance(fmt.Sprint("provenance", i), signer, r.IntN(20)+1))
	}
	for i := range 1 + r.IntN(2) {
		in.SBOMs = append(in.SBOMs, policy.SBOM{
			Source: source(fmt.Sprint("sbom", i), ago(1+r.IntN(20)), byKey(Signing)), Format: pick(r, "CycloneDX", "SPDX"), Version: "1.5",
		})
	}
	for i := range 1 + r.IntN(3) {
		in.Reports = append(in.Reports, report(fmt.Sprint("report", i), ago(1+r.IntN(25)), byKey(pick(r, Signing, Vendor))))
	}
	for i := range r.IntN(12) {
		in.Findings = append(in.Findings, finding(fmt.Sprintf("CVE-2025-%04d", i), float64(r.IntN(69))/10))
		if r.IntN(3) == 0 {
			except(r, &in, i)
		}
	}
	if r.IntN(3) == 0 {
		in.Unverified = append(in.Unverified, policy.Unverified{Evidence: digest("unverified"), Kind: "openvex", Why: "no signature"})
	}
	return in
}

// except makes finding i a grave or an unknown one, and takes it out. Before and after that, there may be others' words.
func except(r *rand.Rand, in *policy.Input, i int) {
	rating := &in.Findings[i].Rating
	if r.IntN(3) == 0 {
		*rating = findings.Rating{By: map[string]float64{}, Differs: []string{}, Severity: "unknown"}
	} else {
		rating.Worst = 7 + float64(r.IntN(30))/10
		rating.By["nvd"] = rating.Worst
	}
	if r.IntN(3) == 0 {
		early := Statement(*in, byKey(Signing))
		early.Status, early.Made = "affected", ago(20)
		Add(in, i, fmt.Sprint("early-", i), early)
	}
	s := Statement(*in, byKey(Signing))
	s.Justification = "component_not_present"
	s.Made = ago(10)
	if r.IntN(2) == 0 {
		s.Status, s.Justification, s.Impact = "fixed", "", ""
	}
	if r.IntN(4) == 0 {
		s.Expires = "2026-03-01T08:00:01Z"
	}
	Add(in, i, fmt.Sprint("vex-", i), s)
	if r.IntN(4) == 0 {
		lapsed := s
		lapsed.Status, lapsed.Made, lapsed.Expires = "affected", ago(5), Now
		Add(in, i, fmt.Sprint("late-", i), lapsed)
	}
}

func provenance(name string, signer policy.Signer, days int) policy.Attestation {
	return policy.Attestation{
		Source:        source(name, ago(days), signer),
		PredicateType: "https://slsa.dev/provenance/v1",
		Builder:       "https://builder.example/main",
		Origins:       []string{"git+https://git.example/demo"},
	}
}
