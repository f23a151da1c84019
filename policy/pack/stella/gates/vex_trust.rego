# vex-trust: VEX is by those who may speak for the product.
#
# Parameter: `vex.authorities`, globs of signers, each with globs of the products that they may speak for. A
# statement by others does not count, and the finding stays in. Of those who may speak, the last word counts:
# where an earlier one says something else, it is shown.
#
# `vex.untrusted` says whether it blocks by itself: "disregard" lets this gate pass, "block" fails it for each
# statement by others that would take a finding out, until a later one that counts settles it. Without VEX
# this gate has nothing to ask: `before` is true.
package stella.gates.vex_trust

import data.stella.lib
import data.stella.vex

default gate := {
	"name": "vex-trust", "passed": false, "before": false, "looked": [],
	"reasons": ["vex-trust can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "vex-trust",
	"passed": count(open) == 0,
	"before": true,
	"reasons": lib.capped([sprintf("%s: %s is by %s, who may not speak for it", [pair[0], pair[1], lib.named(input.statements[pair[1]])]) | some pair in open]),
	"looked": lib.capped(array.concat(
		[sprintf("%s: who signed it may not speak for it", [vex.title(id)]) | some id in vex.ordered(vex.untrusted)],
		[sprintf("%s: %s is overruled by %s", [row[0], vex.title(row[1]), vex.title(row[2])]) | some row in vex.overruled],
	)),
} if {
	vex.complete
}

open := set() if lib.parameters.vex.untrusted == "disregard"

open := vex.open(vex.untrusted) if lib.parameters.vex.untrusted == "block"
