package stella.gates.vex_proof_test

import data.stella.fixture
import data.stella.gates.vex_proof

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := vex_proof.gate with input as asked
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

test_passes if passes(fixture.excepted([{}]), fixture.environments)

test_disregarded if {
	passes(fixture.excepted([{"proven": ""}]), fixture.environments)
	"CVE-1 not_affected by key:a (v0) has no proven time" in ask(fixture.excepted([{"proven": ""}]), fixture.environments).looked
}

blocking := fixture.with_parameter("/vex/unproven", "block")

test_unproven if fails(fixture.excepted([{"proven": ""}]), blocking, ["CVE-1: v0 has no proven time"])

test_proven_later if fails(fixture.excepted([{"proven": "2027-01-01T00:00:00Z"}]), blocking, ["CVE-1: v0 is proven later than now"])

test_unlogged if fails(fixture.excepted([{"logged": false}]), blocking, ["CVE-1: v0 is in no log"])

test_unjustified if fails(
	fixture.excepted([{"impact": "", "logged": false}]), blocking,
	["CVE-1: v0 is in no log and has neither a label nor an impact statement"],
)

test_label if {
	environments := {"test": json.patch(blocking.test, [{"op": "replace", "path": "/vex/justification", "value": "label"}])}
	answer := ask(fixture.excepted([{}]), environments)
	not answer.passed
	contains(answer.reasons[0], "has no label (component_not_present, ")
	passes(fixture.excepted([{"justification": "component_not_present"}]), environments)
}

test_settled if passes(fixture.excepted([{"proven": ""}, {}]), blocking)

test_not_settled_by_an_earlier_one if fails(fixture.excepted([{}, {"proven": ""}]), blocking, ["CVE-1: v1 has no proven time"])

test_takes_nothing_out if passes(fixture.excepted([{"status": "affected", "proven": ""}]), blocking)

test_lapsed_is_shown if {
	answer := ask(fixture.excepted([{"expires": "2026-02-28T00:00:00Z"}]), blocking)
	answer.passed
	"CVE-1 not_affected by key:a (v0) has lapsed: 2026-02-28T00:00:00Z" in answer.looked
}

test_before if ask(fixture.excepted([{"proven": ""}]), blocking).before

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/vex/unproven", "ignore")).passed

test_no_parameter if not vex_proof.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_of_the_future_is_shown if {
	answer := ask(fixture.excepted([{"made": "2026-03-02T00:00:00Z"}]), blocking)
	answer.passed
	"CVE-1 not_affected by key:a (v0) is of the future: 2026-03-02T00:00:00Z" in answer.looked
}

# Each other member of vex, of a wrong type.
test_wrong_words if {
	every path in ["/vex/authorities", "/vex/proven", "/vex/logged", "/vex/justification"] {
		answer := ask(fixture.excepted([{}]), fixture.with_parameter(path, "yes"))
		not answer.passed
		not answer.before
	}
}

test_count if {
	ask(fixture.excepted([{}, {"proven": ""}]), fixture.environments).looked[0] == "1 of 2 statements count"
	ask(fixture.facts, fixture.environments).looked == []
}

test_what_counts_is_shown_once if ask(fixture.excepted([{}]), fixture.environments).looked == ["1 of 1 statements count"]
