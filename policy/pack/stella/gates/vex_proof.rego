# vex-proof: what VEX says is proved as the parameters want it.
#
# Parameters: `vex.justification`, what not_affected needs: "label", one of OpenVEX's five, or
# "label_or_impact", that or an impact statement; `vex.proven`, a time at which it was signed already;
# `vex.logged`, a log has it. A statement that lacks any of it does not count, and the finding stays in.
#
# `vex.unproven` says whether it blocks by itself: "disregard" lets this gate pass, "block" fails it for each
# statement that would take a finding out, but for its proof, until a later one that counts settles it.
# Without VEX this gate has nothing to ask: `before` is true.
package stella.gates.vex_proof

import data.stella.lib
import data.stella.vex

default gate := {
	"name": "vex-proof", "passed": false, "before": false, "looked": [],
	"reasons": ["vex-proof can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "vex-proof",
	"passed": count(open) == 0,
	"before": true,
	"reasons": lib.capped([sprintf("%s: %s %s", [pair[0], pair[1], lacks(pair[1])]) | some pair in open]),
	"looked": lib.capped(array.concat(counted, array.concat(
		[line | some id in vex.ordered(vex.unproven); line := sprintf("%s %s", [vex.title(id), lacks(id)])],
		[line | some id in vex.ordered(vex.untimely); line := sprintf("%s %s", [vex.title(id), untimely(input.statements[id])])],
	))),
} if {
	vex.complete
}

open := set() if lib.parameters.vex.unproven == "disregard"

open := vex.open(vex.unproven) if lib.parameters.vex.unproven == "block"

counted := [] if count(input.statements) == 0

counted := [sprintf("%d of %d statements count", [count(vex.counted), count(input.statements)])] if count(input.statements) > 0

labels := concat(", ", [
	"component_not_present",
	"vulnerable_code_not_present",
	"vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary",
	"inline_mitigations_already_exist",
])

lacks(id) := concat(" and ", array.concat(array.concat(undated(id), unlogged(id)), unjustified(id)))

undated(id) := [] if {
	vex.proven[id]
} else := ["has no proven time"] if {
	input.statements[id].proven == ""
} else := ["is proven later than now"]

unlogged(id) := [] if {
	vex.logged[id]
} else := ["is in no log"]

unjustified(id) := [] if {
	vex.justified[id]
} else := ["has neither a label nor an impact statement"] if {
	vex.asked.justification == "label_or_impact"
} else := [sprintf("has no label (%s)", [labels])]

untimely(statement) := sprintf("is of the future: %s", [statement.made]) if {
	statement.made > input.time
} else := sprintf("has lapsed: %s", [statement.expires])
