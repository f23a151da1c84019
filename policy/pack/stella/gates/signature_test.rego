package stella.gates.signature_test

import data.stella.fixture
import data.stella.gates.signature

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := signature.gate with input as asked
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

test_sbom_and_report_count if passes(fixture.put({"/attestations": []}), fixture.with_parameter("/signature/signers", 1))

test_too_few if fails(fixture.facts, fixture.with_parameter("/signature/signers", 3), ["anything is signed by 2, 3 required"])

test_nothing if fails(
	fixture.put({"/attestations": [], "/sboms": [], "/reports": []}), fixture.environments,
	["anything is signed by 0, 2 required"],
)

test_one_key_of_two_names if {
	other := object.union(fixture.key("a"), {"name": "key:other"})
	asked := fixture.put({"/attestations/0/signers": [fixture.key("a"), other]})
	fails(asked, fixture.environments, ["anything is signed by 1, 2 required"])
}

test_predicate_is_not_there if fails(
	fixture.facts, fixture.with_parameter("/signature/predicates", ["https://spdx.dev/*"]),
	["https://spdx.dev/* is signed by 0, 2 required"],
)

test_sbom_is_no_predicate if fails(
	fixture.put({"/attestations/0/signers": [fixture.key("b")]}),
	fixture.with_parameter("/signature/predicates", ["https://slsa.dev/*"]),
	["https://slsa.dev/* is signed by 1, 2 required"],
)

test_statements_do_not_count if {
	asked := json.patch(fixture.excepted([{}]), [
		{"op": "replace", "path": "/attestations", "value": []},
		{"op": "replace", "path": "/statements/v0/signers", "value": [fixture.key("b")]},
	])
	fails(asked, fixture.environments, ["anything is signed by 1, 2 required"])
}

test_no_parameter if not signature.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_wrong_word if {
	not ask(fixture.facts, fixture.with_parameter("/signature/signers", "2")).passed
	not ask(fixture.facts, fixture.with_parameter("/signature/predicates", "https://slsa.dev/*")).passed
}

test_each_predicate if fails(
	fixture.facts, fixture.with_parameter("/signature/predicates", ["https://slsa.dev/*", "https://spdx.dev/*"]),
	["https://spdx.dev/* is signed by 0, 2 required"],
)

test_identity_of_two_issuers if passes(
	fixture.put({
		"/attestations": [],
		"/reports": [],
		"/sboms/0/signers": [fixture.identity("https://ci"), object.union(fixture.identity("https://ci"), {"issuer": "https://other"})],
	}),
	fixture.environments,
)

test_looked if ask(fixture.facts, fixture.environments).looked == [
	"key:a signed SBOM, https://slsa.dev/provenance/v1, scan report",
	"key:b signed https://slsa.dev/provenance/v1",
]

test_no_number if not ask(fixture.facts, fixture.with_parameter("/signature/signers", null)).passed

test_predicates_alone_are_asked if fails(
	fixture.put({"/attestations": [], "/sboms": [], "/reports": []}),
	fixture.with_parameter("/signature/predicates", ["https://slsa.dev/*"]),
	["https://slsa.dev/* is signed by 0, 2 required"],
)

test_looked_by_signer if ask(fixture.put({"/attestations/0/signers": [fixture.key("b")]}), fixture.environments).looked == [
	"key:a signed SBOM, scan report",
	"key:b signed https://slsa.dev/provenance/v1",
]
