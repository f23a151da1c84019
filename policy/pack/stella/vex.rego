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
#
# Statements are thousands at times, their signers few. So what is asked of signers is asked of each list of
# them once, and what is asked of statements is one comparison in a loop.
package stella.vex

import data.stella.lib

asked := lib.parameters.vex

# Lists of signers, as statements have them.
lists := {statement.signers | some statement in input.statements}

# Those lists with one in them who may speak for every product.
universal := {list |
	some list in lists
	some signer in list
	some authority in asked.authorities
	"*" in authority.products
	lib.speaks(authority.signer, signer)
}

# Statements by who may speak for what they name. All products that a statement names must be its signer's:
# else one's word on one's own product would be a word on another's that is named beside it.
authoritative := by_all | limited

by_all := ids if count(lists - universal) == 0

by_all := {id | all[input.statements[id].signers]} if {
	count(lists - universal) > 0
	all := universal
}

limited := set() if count(lists - universal) == 0

limited := {id |
	some id, statement in input.statements
	not universal[statement.signers]
	some authority in asked.authorities
	some signer in statement.signers
	lib.speaks(authority.signer, signer)
	covers(authority.products, statement.products)
} if {
	count(lists - universal) > 0
}

covers(patterns, products) if {
	count(products) > 0
	every product in products {
		some pattern in patterns
		lib.like(pattern, product)
	}
}

ids := object.keys(input.statements)

# What is compared with the same value in a loop is bound before it.
timely := {id | input.statements[id].made <= now} & ({id | input.statements[id].expires == ""} | {id | input.statements[id].expires > now}) if {
	now := input.time
}

# Statements with a proven time, where one is asked for.
proven := {id | input.statements[id].proven != ""} & {id | input.statements[id].proven <= now} if {
	asked.proven == true
	now := input.time
}

proven := ids if asked.proven == false

logged := {id | input.statements[id].logged == true} if asked.logged == true

logged := ids if asked.logged == false

# Statements that say why. OpenVEX asks it of not_affected alone.
justified := {id | input.statements[id].justification != ""} | (explained | {id | input.statements[id].status != "not_affected"})

explained := {id | input.statements[id].impact != ""} if asked.justification == "label_or_impact"

explained := set() if asked.justification == "label"

# Statements that count.
counted := ((timely & authoritative) & (proven & logged)) & justified

# All others: each is in one of three sets, by what is wrong with it first.
untimely := ids - timely

untrusted := timely - authoritative

unproven := (timely & authoritative) - counted

# Places of the findings that have several statements.
several := {i | input.findings[i].vex[1]}

# The statement that stands, by the finding's place. finding.vex is sorted by made, then ID.
standing := object.union(
	{i: id | [id] = input.findings[i].vex; good[id]},
	{i: last[count(last) - 1] |
		some i in several
		last := [id | some id in input.findings[i].vex; good[id]]
		count(last) > 0
	},
) if {
	good := counted
}

exempting := {id | words[input.statements[id].status]} if words := {"not_affected", "fixed"}

# Places of the findings that are taken out. Undefined where a parameter or a part of the input is missing: then
# no gate passes that asks for it.
taken := {i | some i, id in stands; takes_out[id]} if {
	complete
	stands := standing
	takes_out := exempting
}

complete if {
	is_array(asked.authorities)
	is_boolean(asked.proven)
	is_boolean(asked.logged)
	asked.justification in {"label", "label_or_impact"}
	is_string(input.time)
	is_object(input.statements)
	is_array(input.findings)
}

# Findings with a statement in `wrong` that would take them out, were it to count, and that no later one
# settles: pairs of the finding's ID and the statement's.
open(wrong) := {[input.findings[i].id, id] |
	count(wrong & exempting) > 0
	some i, j
	id := input.findings[i].vex[j]
	wrong[id]
	exempting[id]
	not settled(i, j)
}

settled(i, j) if {
	some k, id in input.findings[i].vex
	k > j
	standing[i] == id
}

# Statements that count and say something else than the later one that stands: the finding, what says so,
# and the other.
overruled := {[input.findings[i].id, id, standing[i]] |
	some i in several
	some id in input.findings[i].vex
	counted[id]
	input.statements[id].status != input.statements[standing[i]].status
}

# title names a statement in a line.
title(id) := sprintf("%s %s by %s (%s)", [s.vulnerability, s.status, lib.named(s), id]) if s := input.statements[id]

# ordered is statements by vulnerability, then ID.
ordered(some_ids) := [pair[1] | some pair in {[input.statements[id].vulnerability, id] | some id in some_ids}]

names := {list: concat(", ", sort([s.name | some s in list])) | some list in lists}

# The findings that are taken out, by ID, package and statement: an object's values come in the order of its keys.
exceptions := [e |
	some e in {[f.id, where, name, i]: {
		"finding": f.id,
		"package": where,
		"statement": name,
		"status": s.status,
		"why": why(s),
		"by": by[s.signers],
	} |
		some i in taken
		name := stands[i]
		f := input.findings[i]
		s := input.statements[name]
		where := lib.package_of(f)
	}
] if {
	by := names
	stands := standing
}

why(s) := s.justification if {
	s.justification != ""
} else := s.impact
