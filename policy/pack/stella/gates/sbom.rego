# sbom: a verified SBOM of the artifact is there.
#
# Parameter: `required`. How old it may be is the matter of freshness.
package stella.gates.sbom

import data.stella.lib

default gate := {
	"name": "sbom", "passed": false, "before": false, "looked": [],
	"reasons": ["sbom can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "sbom",
	"passed": count(reasons) == 0,
	"before": count(reasons) == 0,
	"reasons": reasons,
	"looked": lib.capped(sort([sprintf("%s by %s", [trim_space(concat(" ", [b.format, b.version])), lib.named(b)]) | some b in input.sboms])),
}

reasons := [] if lib.parameters.sbom.required == false

reasons := [] if {
	lib.parameters.sbom.required == true
	count(input.sboms) > 0
}

reasons := ["no verified SBOM"] if {
	lib.parameters.sbom.required == true
	count(input.sboms) == 0
}
