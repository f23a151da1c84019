# freshness: a verified scan report is there, and it and the SBOM are young enough.
#
# Parameters: `report_days` and `sbom_days`, the most days since the proven time of the youngest; null does
# not ask. Age counts from the proven time, not from what a document says of itself: what has no proven time
# by now is stale. A scan report must be there where report_days is a number. That there is an SBOM at
# all is the matter of the gate sbom: here only one that is there can be stale.
package stella.gates.freshness

import data.stella.lib

default gate := {
	"name": "freshness", "passed": false, "before": false, "looked": [],
	"reasons": ["freshness can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "freshness",
	"passed": count(reasons) == 0,
	"before": count(reasons) == 0,
	"reasons": reasons,
	"looked": looked,
} if {
	reasons := array.concat(report_reasons, sbom_reasons)
}

asked := lib.parameters.freshness

report_reasons := ["no verified scan report"] if {
	is_number(asked.report_days)
	count(input.reports) == 0
} else := stale("scan report", input.reports, asked.report_days)

sbom_reasons := [] if {
	count(input.sboms) == 0
	limited(asked.sbom_days)
} else := stale("SBOM", input.sboms, asked.sbom_days)

limited(days) if is_number(days)

limited(days) if is_null(days)

# stale is why none of the documents is young enough; [] where one is, or where nothing is asked.
stale(_, _, null) := []

stale(what, documents, days) := reasons if {
	is_number(days)
	reasons := late(what, [age | some d in documents; age := lib.age(d)], days)
}

late(what, [], _) := [sprintf("no %s has a proven time", [what])]

late(_, ages, days) := [] if min(ages) <= days * lib.day

late(what, ages, days) := [sprintf("the latest %s is %d days old, more than %v", [what, lib.days_of(min(ages)), days])] if {
	min(ages) > days * lib.day
}

looked := lib.capped(sort(array.concat(
	[sprintf("scan report of %s by %s, %s", [r.tool, lib.named(r), since(r)]) | some r in input.reports],
	[sprintf("%s SBOM by %s, %s", [b.format, lib.named(b), since(b)]) | some b in input.sboms],
)))

since(source) := sprintf("%d days old", [lib.days_of(lib.age(source))]) if {
	lib.proven_by_now(source)
} else := "no proven time"
