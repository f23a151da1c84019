package findings

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// severity is the word that is written out, or else the level: the result's, its rule's, or "warning" (3.27.10).
func (s sarifResult) severity(rules []*sarifRule, written string) string {
	words := []string{severity(written)}
	for _, r := range rules {
		for _, tag := range texts(r.Properties["tags"]) {
			words = append(words, tagged(tag))
		}
	}
	if written != "" || worst(words) != unknown {
		return worst(words)
	}
	level := s.Level
	if level == "" && len(rules) > 0 {
		level = rules[0].Default.Level
	}
	if level == "" {
		level = "warning"
	}
	return severity(level)
}

// tagged is the severity that a tag is. Tags are also words for other things ("error", "note"): those are none.
func tagged(tag string) string {
	if word := strings.ToLower(tag); severity(word) == word {
		return word
	}
	return unknown
}

// securitySeverity reads a score from properties. 0 is what Grype and Trivy write where they know none.
func securitySeverity(path, by string, properties map[string]jsontext.Value) ([]Score, error) {
	value, is := properties["security-severity"]
	if !is || value.Kind() == 'n' {
		return nil, nil
	}
	stated := text(value)
	if value.Kind() == '0' {
		stated = string(value)
	}
	score, err := number(path+"/security-severity", stated)
	if err != nil || *score == 0 {
		return nil, err
	}
	return []Score{{By: by, Stated: score}}, nil
}

// text gives what a value is if that is text.
func text(value jsontext.Value) string {
	var s string
	if value.Kind() != '"' || json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// texts gives the texts of a list of them.
func texts(value jsontext.Value) []string {
	var list []string
	if value.Kind() != '[' || json.Unmarshal(value, &list) != nil {
		return nil
	}
	return list
}
