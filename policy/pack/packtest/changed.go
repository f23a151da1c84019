package packtest

import (
	"maps"
	"math/rand/v2"
	"slices"

	"stellad/policy"
	"stellad/policy/findings"
)

// Shuffled is in with its lists in another order, those within documents and statements too. The order of statements on one
// finding stays: it says which is the last one.
func Shuffled(r *rand.Rand, in policy.Input) policy.Input {
	in.Logs, in.Unverified = shuffled(r, in.Logs), shuffled(r, in.Unverified)
	in.Attestations, in.SBOMs = shuffled(r, in.Attestations), shuffled(r, in.SBOMs)
	in.Reports, in.Findings = shuffled(r, in.Reports), shuffled(r, in.Findings)
	for i := range in.Attestations {
		at := &in.Attestations[i]
		at.Signers, at.Origins = shuffled(r, at.Signers), shuffled(r, at.Origins)
	}
	for i := range in.Findings {
		in.Findings[i].Near = shuffled(r, in.Findings[i].Near)
	}
	in.Statements = maps.Clone(in.Statements)
	for _, id := range slices.Sorted(maps.Keys(in.Statements)) {
		s := in.Statements[id]
		s.Signers, s.Products = shuffled(r, s.Signers), shuffled(r, s.Products)
		in.Statements[id] = s
	}
	return in
}

func shuffled[T any](r *rand.Rand, list []T) []T {
	list = append([]T{}, list...)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// WithFinding is in with one finding more, of any score or none, on which there are the statements on another or none.
func WithFinding(r *rand.Rand, in policy.Input) policy.Input {
	more := finding("CVE-2026-9999", float64(r.IntN(101))/10)
	if r.IntN(3) == 0 {
		more.Rating = findings.Rating{By: map[string]float64{}, Differs: []string{}}
	}
	if len(in.Findings) > 0 && r.IntN(2) == 0 {
		more.VEX = in.Findings[r.IntN(len(in.Findings))].VEX
	}
	in.Findings = append(slices.Clone(in.Findings), more)
	return in
}

// Unverified is in with one thing more that does not verify.
func Unverified(in policy.Input) policy.Input {
	in.Unverified = append(slices.Clone(in.Unverified), policy.Unverified{Evidence: digest("more"), Kind: "sbom", Why: "signature is wrong"})
	return in
}
