package stella.gates.cvss_test

import data.stella.fixture
import data.stella.gates.cvss

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := cvss.gate with input as asked
		with data.stella.environments as environments
}

fails(asked, environments, reasons) if {
	answer := ask(asked, environments)
	answer.passed == false
	answer.reasons == reasons
}

passes(asked, environments) if {
	answer := ask(asked, environments)
	answer.passed == true
	answer.reasons == []
}

test_passes if passes(fixture.facts, fixture.environments)

test_below if passes(fixture.put({"/findings": [fixture.finding("CVE-1", 6.9)]}), fixture.environments)

test_reached if fails(
	fixture.put({"/findings": [fixture.finding("CVE-1", 7)]}), fixture.environments,
	["CVE-1 (CVSS 7.0) exceeds threshold"],
)

test_worst_first if fails(
	fixture.put({"/findings": [fixture.finding("CVE-1", 7.5), fixture.finding("CVE-2", 10), fixture.finding("CVE-3", 7.5)]}),
	fixture.environments,
	["CVE-2 (CVSS 10.0) exceeds threshold", "CVE-1 (CVSS 7.5) exceeds threshold", "CVE-3 (CVSS 7.5) exceeds threshold"],
)

test_many if {
	asked := fixture.put({"/findings": [fixture.finding(sprintf("CVE-%d", [n]), 9.8) | some n in numbers.range(1, 50)]})
	answer := ask(asked, fixture.environments)
	count(answer.reasons) == 21
	answer.reasons[20] == "and 30 more"
}

test_excepted if {
	passes(fixture.excepted([{}]), fixture.environments)
	ask(fixture.excepted([{}]), fixture.environments).before == false
}

test_fixed if passes(fixture.excepted([{"status": "fixed", "impact": ""}]), fixture.environments)

blocked := ["CVE-1 (CVSS 9.8) exceeds threshold"]

test_other_status if {
	every status in ["affected", "under_investigation", "", "NOT_AFFECTED"] {
		fails(fixture.excepted([{"status": status}]), fixture.environments, blocked)
	}
}

test_last_word if fails(fixture.excepted([{}, {"status": "affected"}]), fixture.environments, blocked)

test_last_word_excepts if passes(fixture.excepted([{"status": "affected"}, {}]), fixture.environments)

test_lapsed if fails(fixture.excepted([{"expires": "2026-03-01T08:00:00Z"}]), fixture.environments, blocked)

test_about_to_lapse if passes(fixture.excepted([{"expires": "2026-03-01T08:00:01Z"}]), fixture.environments)

test_lapsed_is_no_word if passes(fixture.excepted([{}, {"status": "affected", "expires": "2026-02-25T00:00:00Z"}]), fixture.environments)

test_future if fails(fixture.excepted([{"made": "2026-03-01T08:00:01Z"}]), fixture.environments, blocked)

test_unproven if fails(fixture.excepted([{"proven": ""}]), fixture.environments, blocked)

test_unlogged if fails(fixture.excepted([{"logged": false}]), fixture.environments, blocked)

test_untrusted if fails(fixture.excepted([{"signers": [fixture.key("b")]}]), fixture.environments, blocked)

test_no_reason if fails(fixture.excepted([{"impact": ""}]), fixture.environments, blocked)

test_statement_of_no_finding if fails(
	json.patch(fixture.excepted([{}]), [{"op": "replace", "path": "/findings/0/vex", "value": []}]),
	fixture.environments, blocked,
)

by(scores) := fixture.put({"/findings": [object.union(fixture.finding("CVE-1", max([s | some s in scores])), {"rating": {
	"known": true,
	"worst": max([s | some s in scores]),
	"by": scores,
}})]})

test_first_source if passes(by({"nvd": 5, "ghsa": 9}), fixture.with_parameter("/cvss/score", ["nvd", "ghsa"]))

test_next_source if fails(
	by({"other": 5, "ghsa": 9}), fixture.with_parameter("/cvss/score", ["nvd", "ghsa"]),
	["CVE-1 (CVSS 9.0) exceeds threshold"],
)

test_no_source_is_worst if fails(
	by({"other": 5, "more": 8.1}), fixture.with_parameter("/cvss/score", ["nvd", "ghsa"]),
	["CVE-1 (CVSS 8.1) exceeds threshold"],
)

test_near if {
	asked := fixture.put({"/findings": [object.union(fixture.finding("CVE-1", 9), {"near": [{"statement": "v", "why": "another product"}]})]})
	"CVE-1: v is not about it: another product" in ask(asked, fixture.environments).looked
}

test_no_parameter if not cvss.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_threshold_by_source if fails(
	by({"nvd": 7, "ghsa": 9}), fixture.with_parameter("/cvss/score", ["nvd", "ghsa"]),
	["CVE-1 (CVSS 7.0) exceeds threshold"],
)

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/cvss/score", "best")).passed

test_wrong_threshold if not ask(fixture.facts, fixture.with_parameter("/cvss/threshold", "7")).passed

test_not_asked if {
	environments := fixture.with_parameter("/cvss/threshold", null)
	passes(fixture.put({"/findings": [fixture.finding("CVE-1", 10)]}), environments)
	ask(fixture.facts, environments).looked == ["1 findings, none asked about"]
}

# Of three findings two reach the threshold; VEX takes out one of these, and the low one.
test_looked if {
	asked := json.patch(fixture.excepted([{}]), [
		{"op": "add", "path": "/findings/1", "value": object.union(fixture.finding("CVE-1", 2), {"vex": ["v0"]})},
		{"op": "add", "path": "/findings/2", "value": fixture.finding("CVE-2", 8)},
	])
	answer := ask(asked, fixture.environments)
	answer.looked == ["3 findings, 2 reach 7.0, of which VEX takes out 1"]
	answer.reasons == ["CVE-2 (CVSS 8.0) exceeds threshold"]
}

# Of what is taken out, or low, nobody asks why another statement is not about it.
test_near_is_of_what_is_left if {
	near := [{"statement": "v", "why": "another product"}]
	asked := json.patch(fixture.excepted([{}]), [
		{"op": "replace", "path": "/findings/0/near", "value": near},
		{"op": "add", "path": "/findings/1", "value": object.union(fixture.finding("CVE-2", 2), {"near": near})},
	])
	count(ask(asked, fixture.environments).looked) == 1
}

# What a parameter does not ask for, a statement needs not.
test_proof_is_not_asked if {
	passes(fixture.excepted([{"proven": ""}]), fixture.with_parameter("/vex/proven", false))
	passes(fixture.excepted([{"logged": false}]), fixture.with_parameter("/vex/logged", false))
}

test_proof_of_the_other_kind if {
	fails(fixture.excepted([{"logged": false}]), fixture.with_parameter("/vex/proven", false), blocked)
	fails(fixture.excepted([{"proven": ""}]), fixture.with_parameter("/vex/logged", false), blocked)
}

test_proven_later if fails(fixture.excepted([{"proven": "2026-03-01T08:00:01Z"}]), fixture.environments, blocked)

test_proven_now if passes(fixture.excepted([{"proven": "2026-03-01T08:00:00Z", "made": "2026-03-01T08:00:00Z"}]), fixture.environments)

test_fixed_needs_no_label if passes(
	fixture.excepted([{"status": "fixed", "impact": ""}]),
	fixture.with_parameter("/vex/justification", "label"),
)

test_label if fails(fixture.excepted([{}]), fixture.with_parameter("/vex/justification", "label"), blocked)

test_threshold_by_the_worst_source if fails(
	by({"nvd": 7}), fixture.with_parameter("/cvss/score", ["nvd", "ghsa"]),
	["CVE-1 (CVSS 7.0) exceeds threshold"],
)

test_twenty if {
	asked := fixture.put({"/findings": [fixture.finding(sprintf("CVE-%d", [n]), 9.8) | some n in numbers.range(1, 20)]})
	count(ask(asked, fixture.environments).reasons) == 20
}
