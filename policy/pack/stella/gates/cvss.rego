# cvss: no finding has a score that reaches the threshold, but for those that VEX takes out.
#
# Parameters: `threshold`, a score that blocks, and so does every higher one; null does not ask. `score` says
# whose score counts: data.stella.findings has it.
package stella.gates.cvss

import data.stella.findings
import data.stella.lib
import data.stella.vex

default gate := {
	"name": "cvss", "passed": false, "before": false, "looked": [],
	"reasons": ["cvss can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "cvss",
	"passed": count(left) == 0,
	"before": count(over) == 0,
	"reasons": array.concat(
		[sprintf("%s (CVSS %s) exceeds threshold", [row[1], findings.text(0 - row[0])]) | some row in array.slice(left, 0, lib.lines)],
		lib.more(count(left)),
	),
	"looked": array.concat([looked], near),
} if {
	# One line for a vulnerability, in however many packages; the worst first.
	left := [row | some row in {[0 - scores[i], input.findings[i].id] | some i in (over - vex.taken)}]
}

threshold := lib.parameters.cvss.threshold

# Scores of the findings that reach the threshold, by the findings' places.
scores := {} if is_null(threshold)

scores := findings.reaching(threshold) if is_number(threshold)

over := object.keys(scores)

looked := sprintf("%d findings, none asked about", [count(input.findings)]) if is_null(threshold)

looked := sprintf("%d findings, %d reach %s, of which VEX takes out %d", [
	count(input.findings),
	count(over),
	findings.text(threshold),
	count(over & vex.taken),
]) if {
	is_number(threshold)
}

# Statements on vulnerabilities that are left, and why they are not about these findings.
near := lib.capped([sprintf("%s: %s is not about it: %s", row) |
	some row in {[input.findings[i].id, n.statement, n.why] |
		some i in (over - vex.taken)
		some n in input.findings[i].near
	}
])
