# provenance: verified SLSA provenance says that an allowed builder built it from allowed sources.
#
# Parameter: null does not ask; else `builders` and `sources`, globs. One attestation must have both: its
# builder's ID matches one glob, and it names at least one source, and each that it names matches one.
package stella.gates.provenance

import data.stella.lib

default gate := {
	"name": "provenance", "passed": false, "before": false, "looked": [],
	"reasons": ["provenance can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "provenance",
	"passed": count(reasons) == 0,
	"before": count(reasons) == 0,
	"reasons": lib.capped(reasons),
	"looked": lib.capped(sort([sprintf("built by %s of %s", [a.builder, concat(", ", sort(a.origins))]) | some a in provenances])),
}

asked := lib.parameters.provenance

# In what is not whole, a builder that is held against nothing would be no wrong one.
whole if {
	is_array(asked.builders)
	is_array(asked.sources)
}

provenances := [a | some a in input.attestations; a.builder != ""]

reasons := [] if is_null(asked)

reasons := ["no verified SLSA provenance"] if {
	whole
	count(provenances) == 0
}

reasons := [] if {
	whole
	some a in provenances
	wrong(a) == ""
}

reasons := sort([wrong(a) | some a in provenances]) if {
	whole
	count(provenances) > 0
	every a in provenances {
		wrong(a) != ""
	}
}

wrong(a) := sprintf("builder %s is not allowed", [a.builder]) if {
	not matches(asked.builders, a.builder)
} else := sprintf("provenance by %s names no source", [a.builder]) if {
	count(a.origins) == 0
} else := sprintf("source %s is not allowed", [foreign(a)[0]]) if {
	count(foreign(a)) > 0
} else := ""

foreign(a) := sort([origin | some origin in a.origins; not matches(asked.sources, origin)])

matches(patterns, text) if {
	some pattern in patterns
	lib.like(pattern, text)
}
