// Package policy says what a policy decides by, and what of its answer is a pass.
//
//	evidence, verdicts, VEX, keys ──Assemble──▶ Input ──a worker: Rego──▶ answer ──Read──▶ Decision
//
// An Input has nothing in it that is not verified, but for a list of what was left out. It
// depends on nothing but its parts: their order changes nothing, and neither does evidence
// that does not verify. An answer is a pass if it has gates and each of them says so in as
// many words; whatever else it is, a Decision blocks. docs/policy.md has both in words.
package policy
