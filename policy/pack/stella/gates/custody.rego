# custody: what the other gates rest on is signed by keys that are kept as they should be.
#
# Parameter: `keys`, the custodies that are allowed: "hsm", "soft", "elsewhere" (keys that are not the
# appliance's, and identities). A signer is sound if its key is in one of these and is not compromised.
#
# Where the others have what they ask, sound signers alone must have it too: as many for the gate
# signature; one SBOM and one scan report, if any are there, among the fresh ones if any are fresh; and of
# each statement by which VEX takes a finding out, one signer. So one document more, by a sound key, is what
# heals a compromised key; and what is not there at all is not asked for here.
package stella.gates.custody

import data.stella.gates.freshness
import data.stella.gates.signature
import data.stella.lib
import data.stella.vex

default gate := {
	"name": "custody", "passed": false, "before": false, "looked": [],
	"reasons": ["custody can't be decided: its parameters or the input are incomplete"],
}

gate := {
	"name": "custody",
	"passed": count(reasons) == 0,
	"before": count(before) == 0,
	"reasons": lib.capped(reasons),
	"looked": lib.capped(sort([sprintf("%s: %s", [name, kept(key)]) | some key, name in keys])),
} if {
	is_array(allowed)
	vex.complete
	before := array.concat(unsigned, array.concat(
		unkept("SBOM", input.sboms, freshness.asked.sbom_days),
		unkept("scan report", input.reports, freshness.asked.report_days),
	))
	reasons := array.concat(before, unsound_vex)
}

allowed := lib.parameters.custody.keys

keys := {key: k.name | some key, k in input.keys}

# sound says whether a signer, as lib.who has it, is.
sound(["", _, _]) if "elsewhere" in allowed

sound([key, _, _]) if {
	input.keys[key].custody in allowed
	input.keys[key].state != "compromised"
}

kept(key) := concat(", ", [word | some word in [input.keys[key].custody, input.keys[key].state]; word != ""])

carried(source) if any_sound(source.signers)

# What the gate signature has enough signers of, and not enough sound ones.
unsigned := [sprintf("%s is signed by %d with keys in custody, %d required", [what, count(good), signature.least]) |
	some what, found in signature.signers
	count(found) >= signature.least
	good := {who | some who in found; sound(who)}
	count(good) < signature.least
]

# unkept is why no document that counts is carried by a sound key; [] where one is, or none is there.
unkept(what, documents, days) := [sprintf("no %s that counts is signed by a key in custody: %s", [what, concat("; ", faults)])] if {
	relied := rests_on(documents, days)
	count(relied) > 0
	count([d | some d in relied; carried(d)]) == 0
	faults := {fault(s) | some d in relied; some s in d.signers}
} else := []

rests_on(documents, days) := fresh if {
	is_number(days)
	fresh := [d | some d in documents; lib.age(d) <= days * lib.day]
	count(fresh) > 0
} else := documents

# Lists of signers of statements with no sound one in them.
unsound := {list | some list in vex.lists; not any_sound(list)}

any_sound(list) if {
	some s in list
	sound(lib.who(s))
}

# Statements that take a finding out and are signed by nobody sound.
unsound_vex := [] if count(unsound) == 0

unsound_vex := [sprintf("%s: %s", [vex.title(id), concat("; ", {fault(s) | some s in input.statements[id].signers})]) |
	some id in vex.ordered({id |
		some i in vex.taken
		id := vex.standing[i]
		unsound[input.statements[id].signers]
	})
] if {
	count(unsound) > 0
}

fault(s) := sprintf("%s is not a key here", [s.name]) if {
	s.key != ""
	not input.keys[s.key]
} else := sprintf("%s is compromised", [s.name]) if {
	input.keys[s.key].state == "compromised"
} else := sprintf("%s is kept in %s", [s.name, input.keys[s.key].custody]) if {
	s.key != ""
} else := sprintf("%s is an identity, kept elsewhere", [s.name])
