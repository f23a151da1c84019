# The score of each finding, by its place in input.findings.
#
# The parameter cvss.score says which score counts: "worst" of all that are given, or a list of who gives
# them (nvd, ghsa, …): the first in the list that gives one counts, and where none does, the worst.
# A finding without a known score has none here, and is the matter of the gate `unknowns`.
package stella.findings

score := data.stella.lib.parameters.cvss.score

scores := {i: f.rating.worst |
	some i, f in input.findings
	f.rating.known == true
} if {
	score == "worst"
}

scores := {i: preferred(f.rating) |
	some i, f in input.findings
	f.rating.known == true
} if {
	is_array(score)
}

preferred(rating) := given[0] if {
	given := [rating.by[source] | some source in score]
	count(given) > 0
} else := rating.worst

# Places of findings that nobody scores.
unknown := {i | some i, _ in input.findings} - object.keys(scores)

# text is a score with one decimal, as CVSS writes it.
text(number) := sprintf("%d.0", [floor(number)]) if {
	number == floor(number)
} else := sprintf("%.1f", [number])
