# unknowns: not too many findings have no known score. A score that nobody gives is not 0.
#
# Parameter: `budget`, how many such findings pass; null does not ask. Findings that VEX takes out are not
# counted.
package stella.gates.unknowns

import data.stella.findings
import data.stella.lib
import data.stella.vex

default gate := {
	"name": "unknowns", "passed": false, "before": false, "looked": [],
	"reasons": ["unknowns can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "unknowns",
	"passed": within(count(left)),
	"before": within(count(findings.unknown)),
	"reasons": reasons(left),
	"looked": [sprintf("%d of %d findings have no known score, of which VEX takes out %d", [
		count(findings.unknown),
		count(input.findings),
		count(findings.unknown & vex.taken),
	])],
} if {
	left := findings.unknown - vex.taken
}

budget := lib.parameters.unknowns.budget

within(_) if is_null(budget)

within(n) := n <= budget if is_number(budget)

reasons(left) := [] if within(count(left))

reasons(left) := lib.capped(array.concat(
	[sprintf("%d findings have no known score, more than %d", [count(left), budget])],
	[sprintf("%s in %s has no known score", row) | some row in {[f.id, lib.package_of(f)] | some i in left; f := input.findings[i]}],
)) if {
	within(count(left)) == false
}
