package stella.gates.freshness_test

import data.stella.fixture
import data.stella.gates.freshness

# ask is the gate's answer.
ask(asked, environments) := answer if {
	answer := freshness.gate with input as asked
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

test_one_of_two if passes(
	fixture.put({"/reports": [object.union(fixture.report, {"proven": ""}), fixture.report]}),
	fixture.environments,
)

test_to_the_second if passes(fixture.put({"/reports/0/proven": "2026-01-30T08:00:00Z"}), fixture.environments)

test_a_second_more if fails(
	fixture.put({"/reports/0/proven": "2026-01-30T07:59:59Z"}), fixture.environments,
	["the latest scan report is 30 days old, more than 30"],
)

test_no_report if fails(fixture.put({"/reports": []}), fixture.environments, ["no verified scan report"])

test_what_it_says_of_itself if fails(
	fixture.put({"/reports/0/proven": ""}), fixture.environments,
	["no scan report has a proven time"],
)

test_of_the_future if fails(
	fixture.put({"/reports/0/proven": "2026-03-01T08:00:01Z"}), fixture.environments,
	["no scan report has a proven time"],
)

test_sbom if fails(
	fixture.put({"/sboms/0/proven": "2025-01-01T00:00:00Z"}), fixture.environments,
	["the latest SBOM is 424 days old, more than 90"],
)

test_sbom_unproven if fails(fixture.put({"/sboms/0/proven": ""}), fixture.environments, ["no SBOM has a proven time"])

test_not_asked if passes(fixture.put({"/reports": []}), fixture.with_parameter("/freshness/report_days", null))

test_no_parameter if not freshness.gate.passed with input as fixture.facts with data.stella.environments as {"test": {}}

test_old_and_unproven if fails(
	fixture.put({"/reports": [
		object.union(fixture.report, {"proven": "2025-01-01T08:00:00Z"}),
		object.union(fixture.report, {"proven": "2026-01-01T08:00:00Z"}),
		object.union(fixture.report, {"proven": ""}),
	]}),
	fixture.environments, ["the latest scan report is 59 days old, more than 30"],
)

test_old_and_young if passes(
	fixture.put({"/reports": [object.union(fixture.report, {"proven": "2025-01-01T08:00:00Z"}), fixture.report]}),
	fixture.environments,
)

test_no_sbom if passes(fixture.put({"/sboms": []}), fixture.environments)

test_no_sbom_and_none_asked if passes(fixture.put({"/sboms": []}), fixture.with_parameter("/freshness/sbom_days", null))

test_no_sbom_and_a_wrong_word if not ask(fixture.put({"/sboms": []}), fixture.with_parameter("/freshness/sbom_days", "90")).passed

test_wrong_word if not ask(fixture.facts, fixture.with_parameter("/freshness/report_days", "30")).passed

test_old_sbom_and_none_asked if passes(
	fixture.put({"/sboms/0/proven": ""}),
	fixture.with_parameter("/freshness/sbom_days", null),
)

test_both if count(ask(fixture.put({"/reports": [], "/sboms/0/proven": ""}), fixture.environments).reasons) == 2

test_looked if ask(fixture.put({"/sboms/0/proven": ""}), fixture.environments).looked == [
	"CycloneDX SBOM by key:a, no proven time",
	"scan report of grype 1 by key:a, 9 days old",
]

test_proven_now if passes(fixture.put({"/reports/0/proven": "2026-03-01T08:00:00Z"}), fixture.environments)
