package stella.decision_test

import data.stella
import data.stella.fixture

ask(asked) := answer if {
	answer := stella.decision with input as asked
		with data.stella.environments as fixture.environments
}

test_passes if {
	answer := ask(fixture.facts)
	every gate in answer.gates {
		gate.passed == true
		gate.before == true
		gate.reasons == []
	}
	[gate.name | some gate in answer.gates] == stella.names
	answer.exceptions == []
}

test_exception if ask(fixture.excepted([{}])).exceptions == [{
	"finding": "CVE-1",
	"package": "pkg:deb/foo@1",
	"statement": "v0",
	"status": "not_affected",
	"why": "not reachable",
	"by": "key:a",
}]

refused(asked, reason) if {
	answer := ask(asked)
	count(answer.gates) == 9
	answer.exceptions == []
	every gate in answer.gates {
		gate.passed == false
		gate.before == false
		gate.reasons == [reason]
	}
}

test_environment_is_not_there if refused(fixture.put({"/environment": "qa"}), `no parameters for environment "qa"`)

test_version if refused(fixture.put({"/version": 2}), "an input of version 2 is asked, this policy reads version 1")

test_nothing_asked if refused({}, "an input of version none is asked, this policy reads version 1")

test_nothing_known if {
	answer := ask({"version": 1, "environment": "test"})
	count(answer.gates) == 9
	every gate in answer.gates {
		gate.passed == false
	}
}

# What each gate can't do without.
test_part_is_missing if {
	needed := {
		"/time": {"freshness", "cvss", "unknowns", "vex-proof", "vex-trust", "custody"},
		"/attestations": {"signature", "provenance"},
		"/sboms": {"signature", "sbom", "freshness", "custody"},
		"/reports": {"signature", "freshness", "custody"},
		"/findings": {"cvss", "unknowns", "vex-proof", "vex-trust", "custody"},
		"/statements": {"cvss", "unknowns", "vex-proof", "vex-trust", "custody"},
		"/keys": {"custody"},
	}
	every path, gates in needed {
		answer := ask(json.patch(fixture.facts, [{"op": "remove", "path": path}]))
		{g.name | some g in answer.gates; not g.passed} == gates
	}
}

test_no_parameters if {
	answer := stella.decision with input as fixture.facts with data.stella.environments as {"test": {}}
	count(answer.gates) == 9
	every gate in answer.gates {
		gate == {
			"name": gate.name, "passed": false, "before": false, "looked": [],
			"reasons": [sprintf("%s can't be decided: its parameters or the input are incomplete", [gate.name])],
		}
	}
}

# Exceptions are sorted by the finding's ID, a label is told before an impact statement, and a package without a purl
# by name and version.
test_exceptions if {
	exceptions := ask(json.patch(fixture.excepted([{"justification": "component_not_present"}, {"vulnerability": "CVE-0"}]), [
		{"op": "replace", "path": "/findings/0/vex", "value": ["v0"]},
		{"op": "add", "path": "/findings/1", "value": object.union(fixture.finding("CVE-0", 8), {
			"vex": ["v1"],
			"package": {"name": "bar", "version": "2", "purl": ""},
		})},
	])).exceptions
	[[e.finding, e.package, e.statement, e.why] | some e in exceptions] == [
		["CVE-0", "bar 2", "v1", "not reachable"],
		["CVE-1", "pkg:deb/foo@1", "v0", "component_not_present"],
	]
}
