# Which VEX statement stands for each finding, and which findings that takes out.
#
# A statement counts if one who may speak for all products that it names has signed it (vex.authorities), if
# it has the proof that the parameters want (vex.justification, vex.proven, vex.logged), if it is not of the
# future (made after the decision's time) and not lapsed (expires at or before it). Of the statements on a
# finding that count, the last one made stands, and no other. It takes the finding out if its status is
# not_affected or fixed.
#
# What does not count is shown by the gates vex-proof and vex-trust and changes nothing else: the finding
# stays in, and the gates cvss and unknowns block on it.
package stella.vex

import data.stella.lib

asked := lib.parameters.vex

takes := {"not_affected", "fixed"}

# Signers of statements here, each once.
signers := {s |
	some statement in input.statements
	some s in statement.signers
}

# Signers who may speak for every product.
universal := {s |
	some s in signers
	some authority in asked.authorities
	"*" in authority.products
	lib.speaks(authority.signer, s)
}

authoritative(statement) if {
	some s in statement.signers
	universal[s]
}

# All products that a statement names must be its signer's: else one's word on one's own product would be a
# word on another's that is named beside it.
authoritative(statement) if {
	some s in statement.signers
	not universal[s]
	some authority in asked.authorities
	lib.speaks(authority.signer, s)
	count(statement.products) > 0
	every product in statement.products {
		some pattern in authority.products
		lib.like(pattern, product)
	}
}

# The parameters as texts to compare with: a proven time is at least this one …
least_proven := "0" if asked.proven == true

least_proven := "" if asked.proven == false

# … and these are the values of `logged` that will do.
logged := {true} if asked.logged == true

logged := {true, false} if asked.logged == false

# justified says whether a statement says why. OpenVEX asks it of not_affected alone.
justified(statement) if statement.status != "not_affected"

justified(statement) if statement.justification != ""

justified(statement) if {
	asked.justification == "label_or_impact"
	statement.impact != ""
}

current(statement) if {
	statement.made <= input.time
	in_force(statement.expires)
}

in_force("")

in_force(expires) if expires > input.time

proved(statement) if {
	statement.proven >= least_proven
	statement.proven <= input.time
	logged[statement.logged]
	justified(statement)
}

# IDs of the statements that count.
counted := {id |
	some id, statement in input.statements
	current(statement)
	proved(statement)
	authoritative(statement)
}

# IDs of all others: each is in one of three sets, by what is wrong with it first.
others := object.keys(input.statements) - counted

untimely := {id |
	some id in others
	not current(input.statements[id])
}

untrusted := {id |
	some id in (others - untimely)
	not authoritative(input.statements[id])
}

unproven := (others - untimely) - untrusted

# Places of the findings that have statements.
places := [i |
	some i, f in input.findings
	f.vex != []
]

# The ID of the statement that stands, by the finding's place. finding.vex is sorted by made, then ID.
standing := {i: ids[count(ids) - 1] |
	some i in places
	ids := [id | some id in input.findings[i].vex; counted[id]]
	ids != []
}

# Places of the findings that are taken out. Undefined where a parameter is missing: then no gate passes
# that asks for it.
taken := {i |
	some i, id in standing
	takes[input.statements[id].status]
} if {
	complete
}

complete if {
	is_array(asked.authorities)
	is_string(least_proven)
	is_set(logged)
	asked.justification in {"label", "label_or_impact"}
}

# Findings with a statement in `wrong` that would take them out, were it to count, and that no later one
# settles: pairs of the finding's ID and the statement's.
open(wrong) := {[f.id, id] |
	count(wrong) > 0
	some i in places
	f := input.findings[i]
	some j, id in f.vex
	wrong[id]
	takes[input.statements[id].status]
	not settled(i, j)
}

settled(i, j) if {
	some k, id in input.findings[i].vex
	k > j
	standing[i] == id
}

# Statements that count and say something else than the later one that stands: what they say, and the other.
overruled := {[input.findings[i].id, id, standing[i]] |
	some i in places
	some id in input.findings[i].vex
	counted[id]
	input.statements[id].status != input.statements[standing[i]].status
}

# title names a statement in a line.
title(id) := sprintf("%s %s by %s (%s)", [s.vulnerability, s.status, lib.named(s), id]) if s := input.statements[id]

# ordered is statements by vulnerability, then ID.
ordered(ids) := [pair[1] | some pair in {[input.statements[id].vulnerability, id] | some id in ids}]

# The findings that are taken out, by ID, package and statement.
exceptions := [exception(row[2], row[3]) |
	some row in sort([[f.id, lib.package_of(f), standing[i], i] |
		some i in taken
		f := input.findings[i]
	])
]

exception(id, i) := {
	"finding": f.id,
	"package": lib.package_of(f),
	"statement": id,
	"status": s.status,
	"why": why(s),
	"by": lib.named(s),
} if {
	f := input.findings[i]
	s := input.statements[id]
}

why(s) := s.justification if {
	s.justification != ""
} else := s.impact
