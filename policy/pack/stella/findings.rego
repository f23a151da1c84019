# The score of each finding, by its place in input.findings.
#
# The parameter cvss.score says which score counts: "worst" of all that are given, or a list of who gives
# them (nvd, ghsa, …): the first in the list that gives one counts, and where none does, the worst.
# A finding without a known score is the matter of the gate `unknowns`.
#
# Of thousands of findings most reach no threshold. So what is done for all of them is one comparison, and
# the rest for those that are left.
package stella.findings

score := data.stella.lib.parameters.cvss.score

# reaching is the places of the findings whose score is `least` or more, with that score.
reaching(least) := {i: input.findings[i].rating.worst | input.findings[i].rating.worst >= least} if {
	score == "worst"
}

# No score is above the worst.
reaching(least) := {i: found |
	input.findings[i].rating.worst >= least
	found := preferred(input.findings[i].rating)
	found >= least
} if {
	is_array(score)
}

preferred(rating) := given[0] if {
	given := [rating.by[source] | some source in score]
} else := rating.worst

known := [i | input.findings[i].rating.known == true]

# Places of findings that nobody scores.
unknown := set() if count(known) == count(input.findings)

unknown := {i | some i, _ in input.findings} - {i | some i in known} if count(known) != count(input.findings)

# text is a score with one decimal, as CVSS writes it.
text(number) := sprintf("%d.0", [floor(number)]) if {
	number == floor(number)
} else := sprintf("%.1f", [number])
