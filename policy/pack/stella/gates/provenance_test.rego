package stella.gates.provenance_test

import data.stella.fixture
import data.stella.gates.provenance

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := provenance.gate with input as asked
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

test_not_asked if passes(fixture.put({"/attestations": []}), fixture.with_parameter("/provenance", null))

test_none if fails(fixture.put({"/attestations": []}), fixture.environments, ["no verified SLSA provenance"])

test_other_predicate if fails(fixture.put({"/attestations/0/builder": ""}), fixture.environments, ["no verified SLSA provenance"])

test_builder if fails(
	fixture.put({"/attestations/0/builder": "https://other/1"}), fixture.environments,
	["builder https://other/1 is not allowed"],
)

test_no_source if fails(
	fixture.put({"/attestations/0/origins": []}), fixture.environments,
	["provenance by https://builder/1 names no source"],
)

test_one_source_more if fails(
	fixture.put({"/attestations/0/origins": ["git+https://git/demo", "git+https://other/demo"]}), fixture.environments,
	["source git+https://other/demo is not allowed"],
)

# One attestation has the builder and another one the source.
test_not_by_halves if not ask(
	fixture.put({"/attestations": [
		object.union(fixture.provenance, {"builder": "https://other/1"}),
		object.union(fixture.provenance, {"origins": ["git+https://other/demo"]}),
	]}),
	fixture.environments,
).passed

test_one_of_two if passes(
	fixture.put({"/attestations": [object.union(fixture.provenance, {"builder": "https://other/1"}), fixture.provenance]}),
	fixture.environments,
)

test_half_a_parameter if not ask(fixture.facts, fixture.with_parameter("/provenance", {"sources": ["*"]})).passed

test_no_parameter if not provenance.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_half_a_parameter_of_builders if not ask(fixture.facts, fixture.with_parameter("/provenance", {"builders": ["*"]})).passed

test_looked if ask(fixture.facts, fixture.environments).looked == ["built by https://builder/1 of git+https://git/demo"]
