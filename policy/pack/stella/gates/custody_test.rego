package stella.gates.custody_test

import data.stella.fixture
import data.stella.gates.custody

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := custody.gate with input as asked
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

test_soft if fails(
	fixture.put({"/keys/b/custody": "soft"}), fixture.environments,
	["anything is signed by 1 with keys in custody, 2 required"],
)

test_soft_is_allowed if passes(fixture.put({"/keys/b/custody": "soft"}), fixture.with_parameter("/custody/keys", ["hsm", "soft"]))

test_sbom if fails(
	fixture.put({"/keys/c": {"name": "key:c", "custody": "hsm", "state": "compromised"}, "/sboms/0/signers": [fixture.key("c")]}),
	fixture.environments,
	["no SBOM that counts is signed by a key in custody: key:c is compromised"],
)

test_healed if passes(
	fixture.put({
		"/keys/c": {"name": "key:c", "custody": "hsm", "state": "compromised"},
		"/sboms": [object.union(fixture.sbom, {"signers": [fixture.key("c")]}), fixture.sbom],
	}),
	fixture.environments,
)

# The sound one is stale.
test_not_healed_by_a_stale_one if not ask(
	fixture.put({
		"/keys/c": {"name": "key:c", "custody": "hsm", "state": "compromised"},
		"/sboms": [
			object.union(fixture.sbom, {"signers": [fixture.key("c")]}),
			object.union(fixture.sbom, {"proven": "2025-01-01T00:00:00Z"}),
		],
	}),
	fixture.environments,
).passed

test_report if fails(
	fixture.put({"/reports/0/signers": [fixture.identity("https://ci")]}), fixture.environments,
	["no scan report that counts is signed by a key in custody: https://ci is an identity, kept elsewhere"],
)

test_key_that_is_not_there if fails(
	fixture.put({"/reports/0/signers": [fixture.key("x")]}), fixture.environments,
	["no scan report that counts is signed by a key in custody: key:x is not a key here"],
)

other := json.patch(fixture.excepted([{"signers": [fixture.key("a2")]}]), [{
	"op": "add",
	"path": "/keys/a2",
	"value": {"name": "key:a2", "custody": "soft", "state": "active"},
}])

test_vex if {
	fails(other, fixture.environments, ["CVE-1 not_affected by key:a2 (v0): key:a2 is kept in soft"])
	ask(other, fixture.environments).before
}

test_vex_that_does_not_count if passes(json.patch(other, [{"op": "replace", "path": "/statements/v0/logged", "value": false}]), fixture.environments)

test_nothing_is_there if passes(fixture.put({"/attestations": [], "/sboms": [], "/reports": []}), fixture.environments)

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/custody/keys", "hsm")).passed

test_no_parameter if not custody.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_object_is_no_list if not ask(fixture.facts, fixture.with_parameter("/custody/keys", {"a": "hsm"})).passed

test_looked if "key:a: hsm, active" in ask(fixture.facts, fixture.environments).looked

# distrusted is SBOMs of which the first is signed by a compromised key.
distrusted(first, others) := fixture.put({
	"/keys/c": {"name": "key:c", "custody": "hsm", "state": "compromised"},
	"/sboms": array.concat([object.union(object.union(fixture.sbom, {"signers": [fixture.key("c")]}), first)], others),
})

compromised := ["no SBOM that counts is signed by a key in custody: key:c is compromised"]

stale := object.union(fixture.sbom, {"proven": "2025-01-01T00:00:00Z"})

test_fresh_to_the_second if fails(distrusted({"proven": "2025-12-01T08:00:00Z"}, [stale]), fixture.environments, compromised)

test_all_stale if fails(distrusted({"proven": "2025-01-01T00:00:00Z"}, []), fixture.environments, compromised)

test_all_stale_and_one_sound if passes(distrusted({"proven": "2025-01-01T00:00:00Z"}, [stale]), fixture.environments)

test_no_age_is_asked if {
	fails(distrusted({}, []), fixture.with_parameter("/freshness/sbom_days", null), compromised)
	passes(distrusted({}, [stale]), fixture.with_parameter("/freshness/sbom_days", null))
}

# Only what rests on the unsound statement is told.
test_one_of_two_vex if fails(
	json.patch(other, [
		{"op": "add", "path": "/findings/1", "value": object.union(fixture.finding("CVE-2", 9), {"vex": ["v1"]})},
		{"op": "add", "path": "/statements/v1", "value": object.union(fixture.statement, {"vulnerability": "CVE-2"})},
	]),
	fixture.environments, ["CVE-1 not_affected by key:a2 (v0): key:a2 is kept in soft"],
)
