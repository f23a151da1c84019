# signature: enough signers stand for the artifact.
#
# Parameters: `signers`, how many different ones; `predicates`, globs of predicate types. With predicates,
# each of them must be matched by attestations of that many signers. Without, that many must have signed
# anything verified about the artifact: attestations, SBOMs and scan reports. VEX is not asked here.
package stella.gates.signature

import data.stella.lib

default gate := {
	"name": "signature", "passed": false, "before": false, "looked": [],
	"reasons": ["signature can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "signature",
	"passed": count(short) == 0,
	"before": count(short) == 0,
	"reasons": lib.capped(short),
	"looked": looked,
} if {
	is_number(least)
}

least := lib.parameters.signature.signers

predicates := lib.parameters.signature.predicates

# Who signed what is asked for, by what that is: keys as lib.who has them.
signers[anything] := {lib.who(s) |
	some list in [input.attestations, input.sboms, input.reports]
	some document in list
	some s in document.signers
} if {
	predicates == []
}

signers[predicate] := {lib.who(s) |
	some attestation in input.attestations
	lib.like(predicate, attestation.predicateType)
	some s in attestation.signers
} if {
	some predicate in predicates
}

anything := "anything"

short := [sprintf("%s is signed by %d, %d required", [what, count(found), least]) |
	some what, found in signers
	count(found) < least
] if {
	is_array(predicates)
}

looked := lib.capped([sprintf("%s signed %s", [name, concat(", ", types)]) |
	some name, types in {s.name: kinds |
		some s in everyone
		kinds := signed_by(s.name)
	}
])

everyone := {s |
	some list in [input.attestations, input.sboms, input.reports]
	some document in list
	some s in document.signers
}

signed_by(name) := {a.predicateType |
	some a in input.attestations
	some s in a.signers
	s.name == name
} | ({"SBOM" |
	some b in input.sboms
	some s in b.signers
	s.name == name
} | {"scan report" |
	some r in input.reports
	some s in r.signers
	s.name == name
})
