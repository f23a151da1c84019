package findings

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Rule      struct {
		ID        string `json:"id"`
		Index     *int   `json:"index"`
		Component struct {
			Index *int `json:"index"`
		} `json:"toolComponent"`
	} `json:"rule"`
	Level    string `json:"level"`
	Kind     string `json:"kind"`
	Baseline string `json:"baselineState"`
	Message  struct {
		Text string `json:"text"`
	} `json:"message"`
	Properties map[string]jsontext.Value `json:"properties"`
}

// found says whether a result is of something that is there: SARIF 2.1.0, 3.27.9 (kind) and 3.27.24 (baselineState). What a
// person has to look at (open, review) is.
func (s sarifResult) found() bool {
	none := []string{"pass", "notApplicable", "informational"}
	return !slices.Contains(none, s.Kind) && s.Baseline != "absent"
}

func (r *reading) addResult(path, driver string, result sarifResult, rules []*sarifRule) error {
	f := Finding{ID: result.ruleID(rules)}
	by := strings.ToLower(driver)
	for _, properties := range append([]map[string]jsontext.Value{result.Properties}, properties(rules)...) {
		score, err := securitySeverity(path, by, properties)
		if err != nil {
			return err
		}
		f.Scores = append(f.Scores, score...)
	}
	written := prose(by, result, rules)
	f.Package = written.pkg(rules)
	f.ID = withoutPackage(f.ID, f.Package.Name)
	f.Fixed = commas(written.first("Fixed Version", "Fix Version"))
	f.Severity = result.severity(rules, written.first("Severity"))
	return r.add(path, f)
}
