package stella.gates.vex_trust_test

import data.stella.fixture
import data.stella.gates.vex_trust

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := vex_trust.gate with input as asked
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
	answer := ask(fixture.excepted([{"signers": [fixture.key("b")]}]), fixture.environments)
	answer.passed
	answer.looked == ["CVE-1 not_affected by key:b (v0): who signed it may not speak for it"]
}

blocking := fixture.with_parameter("/vex/untrusted", "block")

test_untrusted if fails(
	fixture.excepted([{"signers": [fixture.key("b")]}]), blocking,
	["CVE-1: v0 is by key:b, who may not speak for it"],
)

test_posing if not ask(fixture.excepted([{"signers": [fixture.identity("key:a")]}]), blocking).passed

test_one_of_two_signers if passes(fixture.excepted([{"signers": [fixture.key("b"), fixture.key("a")]}]), blocking)

test_settled if passes(fixture.excepted([{"signers": [fixture.key("b")]}, {}]), blocking)

test_not_settled if not ask(fixture.excepted([{}, {"signers": [fixture.key("b")]}]), blocking).passed

test_takes_nothing_out if passes(fixture.excepted([{"signers": [fixture.key("b")], "status": "affected"}]), blocking)

limited := {"test": json.patch(blocking.test, [{
	"op": "replace",
	"path": "/vex/authorities",
	"value": [
		{"signer": "https://vendor/*", "products": ["pkg:oci/demo@*", "sha256:d"]},
		{"signer": "key:other", "products": ["*"]},
	],
}])}

vendor(products) := fixture.excepted([{"signers": [fixture.identity("https://vendor/release")], "products": products}])

test_own_products if passes(vendor(["pkg:oci/demo@1", "sha256:d"]), limited)

test_another_product if not ask(vendor(["sha256:e"]), limited).passed

test_another_beside_it if not ask(vendor(["pkg:oci/demo@1", "sha256:e"]), limited).passed

test_no_product if not ask(vendor([]), limited).passed

test_overruled if {
	answer := ask(fixture.excepted([{"status": "affected"}, {}]), fixture.environments)
	answer.looked == ["CVE-1: CVE-1 affected by key:a (v0) is overruled by CVE-1 not_affected by key:a (v1)"]
}

test_nobody if not ask(fixture.excepted([{}]), {"test": json.patch(blocking.test, [{"op": "replace", "path": "/vex/authorities", "value": []}])}).passed

test_no_parameter if not vex_trust.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/vex/untrusted", "ignore")).passed

test_before if ask(fixture.excepted([{"signers": [fixture.key("b")]}]), blocking).before

test_not_untrusted_for_want_of_proof if passes(fixture.excepted([{"proven": ""}]), blocking)

# One list of signers may speak for all products, the other for none.
test_two_lists if fails(
	fixture.excepted([{}, {"signers": [fixture.key("b")]}]), blocking,
	["CVE-1: v1 is by key:b, who may not speak for it"],
)

test_one_own_product if passes(vendor(["sha256:d"]), limited)

# What would take nothing out is not told, and what does not count settles nothing.
test_two_of_three if fails(
	fixture.excepted([
		{"signers": [fixture.key("b")], "status": "affected"},
		{"signers": [fixture.key("b")]},
		{"signers": [fixture.key("b")], "impact": "another word"},
	]),
	blocking,
	[
		"CVE-1: v1 is by key:b, who may not speak for it",
		"CVE-1: v2 is by key:b, who may not speak for it",
	],
)

test_what_does_not_count_is_not_overruled if {
	answer := ask(fixture.excepted([{"status": "affected", "logged": false}, {}]), fixture.environments)
	answer.looked == []
}

test_identity_of_another_name if passes(
	fixture.excepted([{
		"signers": [object.union(fixture.identity("https://vendor/release"), {"name": "vendor"})],
		"products": ["sha256:d"],
	}]),
	limited,
)
