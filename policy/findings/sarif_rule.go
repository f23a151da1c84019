package findings

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

type sarifRule struct {
	ID      string `json:"id"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Help struct {
		Text string `json:"text"`
	} `json:"help"`
	Properties map[string]jsontext.Value `json:"properties"`
}

// sarifRules are a run's: of the driver, then of each extension.
type sarifRules struct {
	components [][]sarifRule
	byID       map[string][]*sarifRule
}

func rulesOf(run sarifRun) sarifRules {
	s := sarifRules{byID: map[string][]*sarifRule{}}
	for _, c := range append([]sarifComponent{run.Tool.Driver}, run.Tool.Extensions...) {
		s.components = append(s.components, c.Rules)
		for i := range c.Rules {
			if rule := &c.Rules[i]; len(s.byID[rule.ID]) < maxEach {
				s.byID[rule.ID] = append(s.byID[rule.ID], rule)
			}
		}
	}
	return s
}

// of gives the rule at the result's index and those of its ID or, for "CA1000/1", of the ID above it (3.27.5). Mostly that is
// one rule; where it is not, the worst of what they say counts.
func (s sarifRules) of(path string, r sarifResult) ([]*sarifRule, error) {
	component, index := 0, r.RuleIndex
	if r.Rule.Index != nil {
		index = r.Rule.Index
	}
	if r.Rule.Component.Index != nil && *r.Rule.Component.Index >= 0 {
		component = 1 + *r.Rule.Component.Index
	}
	id := r.ruleID(nil)
	found := s.byID[id]
	if above := strings.LastIndexByte(id, '/'); len(found) == 0 && above > 0 {
		found = s.byID[id[:above]]
	}
	if index == nil || *index < 0 {
		return found, nil
	}
	if component >= len(s.components) || *index >= len(s.components[component]) {
		return nil, fault.At(0, path+"/ruleIndex", "there is no rule %d", *index)
	}
	at := &s.components[component][*index]
	others := slices.DeleteFunc(slices.Clone(found), func(r *sarifRule) bool { return r == at })
	return append([]*sarifRule{at}, others...), nil
}

// unnamedRule is the ID of results that have none.
const unnamedRule = "unnamed"

func (s sarifResult) ruleID(rules []*sarifRule) string {
	switch {
	case s.RuleID != "":
		return s.RuleID
	case s.Rule.ID != "":
		return s.Rule.ID
	case len(rules) > 0 && rules[0].ID != "":
		return rules[0].ID
	}
	return unnamedRule
}

// properties are the rules' property bags.
func properties(rules []*sarifRule) []map[string]jsontext.Value {
	var list []map[string]jsontext.Value
	for _, r := range rules {
		list = append(list, r.Properties)
	}
	return list
}
