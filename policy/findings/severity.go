package findings

import (
	"slices"
	"strings"
)

// severities are the words, the worst first.
var severities = []string{"critical", "high", "medium", "low", unknown, "none"}

const unknown = "unknown"

// others are words that mean one of severities.
var others = map[string]string{
	"important": "high", "error": "high",
	"moderate": "medium", "warning": "medium",
	"negligible": "low", "info": "low", "informational": "low", "note": "low", "unimportant": "low",
}

// severity gives the word for a stated one: unknown, where it is none that is known.
func severity(stated string) string {
	word := strings.ToLower(strings.TrimSpace(stated))
	if o, is := others[word]; is {
		return o
	}
	if slices.Contains(severities, word) {
		return word
	}
	return unknown
}

// worst gives the worst of severities, and unknown for none at all.
func worst(words []string) string {
	for _, s := range severities {
		if slices.Contains(words, s) {
			return s
		}
	}
	return unknown
}

// band is the word of CVSS 3 and 4 for a score.
func band(score float64) string {
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return "none"
}
