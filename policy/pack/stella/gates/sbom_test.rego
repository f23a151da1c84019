package stella.gates.sbom_test

import data.stella.fixture
import data.stella.gates.sbom

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := sbom.gate with input as asked
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

test_not_asked if passes(fixture.put({"/sboms": []}), fixture.with_parameter("/sbom/required", false))

test_none if fails(fixture.put({"/sboms": []}), fixture.environments, ["no verified SBOM"])

test_report_is_none if fails(fixture.put({"/sboms": [], "/reports": [fixture.report, fixture.report]}), fixture.environments, ["no verified SBOM"])

test_word_is_no_parameter if not ask(fixture.facts, fixture.with_parameter("/sbom/required", "yes")).passed

test_no_parameter if not sbom.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_looked if ask(fixture.facts, fixture.environments).looked == ["CycloneDX 1.5 by key:a"]

test_format_without_version if ask(fixture.put({"/sboms/0/version": ""}), fixture.environments).looked == ["CycloneDX by key:a"]

test_before_is_the_same if {
	ask(fixture.facts, fixture.environments).before
	not ask(fixture.put({"/sboms": []}), fixture.environments).before
}
