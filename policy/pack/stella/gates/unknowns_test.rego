package stella.gates.unknowns_test

import data.stella.fixture
import data.stella.gates.unknowns

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := unknowns.gate with input as asked
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

test_in_budget if passes(fixture.put({"/findings": [fixture.unscored("CVE-1")]}), fixture.with_parameter("/unknowns/budget", 1))

test_above if fails(
	fixture.put({"/findings": [fixture.unscored("CVE-1"), fixture.finding("CVE-2", 1)]}), fixture.environments,
	["1 findings have no known score, more than 0", "CVE-1 in pkg:deb/foo@1 has no known score"],
)

test_no_word_of_it_is_unknown if not ask(fixture.put({"/findings/0/rating": {"worst": 0}}), fixture.environments).passed

test_zero_is_known if passes(fixture.put({"/findings": [fixture.finding("CVE-1", 0)]}), fixture.environments)

test_many if count(ask(
	fixture.put({"/findings": [fixture.unscored(sprintf("CVE-%d", [n])) | some n in numbers.range(1, 50)]}),
	fixture.environments,
).reasons) == 21

unscored(statement) := json.patch(fixture.excepted([statement]), [{"op": "replace", "path": "/findings/0/rating/known", "value": false}])

test_excepted if passes(unscored({}), fixture.environments)

test_not_excepted if not ask(unscored({"status": "affected"}), fixture.environments).passed

test_no_parameter if not unknowns.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_not_asked if passes(fixture.put({"/findings": [fixture.unscored("CVE-1")]}), fixture.with_parameter("/unknowns/budget", null))

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/unknowns/budget", "none")).passed

test_before if {
	answer := ask(unscored({}), fixture.environments)
	answer.before == false
	answer.looked == ["1 of 1 findings have no known score, of which VEX takes out 1"]
}
