# The answer that the host reads: nine gates in this order, and the findings that VEX takes out.
#
# Each gate is one package under stella/gates: its comment says what it asks, and when it fails. A gate
# says `passed` as things are, and `before` as they were if there were no VEX. What a gate can't
# decide, since a parameter or a part of the input is missing, has not passed.
package stella

import data.stella.gates
import data.stella.lib
import data.stella.vex

decision := {"gates": answers, "exceptions": exceptions}

answers := [refused(name) | some name in names] if lib.refusal

answers := [
	gates.signature.gate,
	gates.sbom.gate,
	gates.freshness.gate,
	gates.cvss.gate,
	gates.unknowns.gate,
	gates.vex_proof.gate,
	gates.vex_trust.gate,
	gates.provenance.gate,
	gates.custody.gate,
] if {
	not lib.refusal
}

default exceptions := []

exceptions := vex.exceptions if not lib.refusal

names := ["signature", "sbom", "freshness", "cvss", "unknowns", "vex-proof", "vex-trust", "provenance", "custody"]

refused(name) := {"name": name, "passed": false, "before": false, "reasons": [lib.refusal], "looked": []}
