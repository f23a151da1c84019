package findings

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/evidence/kind"
	"stellad/policy/cvss"
	"stellad/sbom/fault"
)

// The predicate types that are reports.
const (
	Vulns01    = "https://in-toto.io/attestation/vulns/v0.1"
	Vulns02    = "https://in-toto.io/attestation/vulns/v0.2"
	CosignVuln = "https://cosign.sigstore.dev/attestation/vuln/v1"
)

// ParsePredicate reads the predicate of a statement. A report of a scanner in cosign's keeps its own format's name and what it
// says of itself. The error is ErrNotReport for a type that is no report, or else as Parse's.
func ParsePredicate(predicateType string, predicate []byte) (*Report, error) {
	switch predicateType {
	case Vulns01, Vulns02, CosignVuln:
		return Parse("vulns", predicate)
	}
	return nil, fmt.Errorf("%w: a predicate of type %.200q", ErrNotReport, predicateType)
}

// vulnsPredicate is in-toto's and cosign's, which has the same members around the result.
type vulnsPredicate struct {
	Scanner struct {
		URI     string         `json:"uri"`
		Version string         `json:"version"`
		Result  jsontext.Value `json:"result"`
	} `json:"scanner"`
	Metadata struct {
		Finished string `json:"scanFinishedOn"`
	} `json:"metadata"`
}

// vulnsResult is an entry of the result. The text of 0.1 has it in "vulnerability", and its example has not.
type vulnsResult struct {
	vulnsVulnerability
	Vulnerability *vulnsVulnerability `json:"vulnerability"`
}

type vulnsVulnerability struct {
	ID       string         `json:"id"`
	Severity jsontext.Value `json:"severity"`
}

type vulnsSeverity struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

func readVulns(r *reading, text []byte) error {
	p, err := decode[vulnsPredicate](text)
	if err != nil {
		return err
	}
	switch p.Scanner.Result.Kind() {
	case '[':
		err = r.addVulns(p.Scanner.Result)
	case '{':
		err = r.within(p.Scanner.Result)
	default:
		return fault.At(0, "/scanner/result", "it has no result: that is not the same as none found")
	}
	if r.report.Tool == "" {
		r.report.Tool = tool(p.Scanner.URI, p.Scanner.Version)
	}
	if r.report.Made == "" {
		r.report.Made = utc(p.Metadata.Finished)
	}
	return err
}

// within reads the report of a scanner that a predicate has in it.
func (r *reading) within(report []byte) error {
	of, err := kind.Of(bytes.NewReader(report))
	if err != nil {
		return fault.At(0, "/scanner/result", "it is no scanner's report: %s", err)
	}
	switch of {
	case kind.Grype, kind.Trivy, kind.SARIF, kind.CycloneDX:
	default:
		return fault.At(0, "/scanner/result", "it is no scanner's report but of the kind %s", of)
	}
	inner, err := parse(string(of), report)
	if errors.Is(err, ErrNotReport) {
		return fault.At(0, "/scanner/result", "it has no list of vulnerabilities")
	}
	if err != nil {
		return fmt.Errorf("in /scanner/result: %s: %w", of, err)
	}
	*r.report = *inner
	return nil
}

func (r *reading) addVulns(result []byte) error {
	entries, err := decode[[]vulnsResult](result)
	if err != nil {
		return err
	}
	for i, e := range *entries {
		path := fmt.Sprintf("/scanner/result/%d", i)
		v := e.vulnsVulnerability
		switch {
		case e.Vulnerability != nil && v.ID != "":
			return fault.At(0, path, "it has an ID twice")
		case e.Vulnerability != nil:
			v = *e.Vulnerability
		}
		f, err := v.finding(path)
		if err == nil {
			err = r.add(path, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finding is in no package: the format has no place for one.
func (v vulnsVulnerability) finding(path string) (Finding, error) {
	f := Finding{ID: v.ID}
	ratings, err := v.ratings(path)
	if err != nil {
		return f, err
	}
	var words []string
	for _, s := range ratings {
		switch stated := strings.TrimSpace(s.Score); {
		case !onScale(s.Method):
		case isVector(stated):
			f.Scores = append(f.Scores, Score{By: source(s.Method), Vector: stated})
		case isNumber(stated):
			score, err := number(path+"/severity", stated)
			if err != nil {
				return f, err
			}
			f.Scores = append(f.Scores, Score{By: source(s.Method), Stated: score})
		default:
			words = append(words, severity(stated))
		}
	}
	f.Severity = worst(words)
	return f, nil
}

// ratings are a list, and in the wording of the specification one object.
func (v vulnsVulnerability) ratings(path string) ([]vulnsSeverity, error) {
	switch v.Severity.Kind() {
	case '[':
		list, err := decode[[]vulnsSeverity](v.Severity)
		if err != nil {
			return nil, fmt.Errorf("in %s/severity: %w", path, err)
		}
		return *list, nil
	case '{':
		one, err := decode[vulnsSeverity](v.Severity)
		if err != nil {
			return nil, fmt.Errorf("in %s/severity: %w", path, err)
		}
		return []vulnsSeverity{*one}, nil
	case 0, 'n':
		return nil, nil
	}
	return nil, fault.At(0, path+"/severity", "a list is expected")
}

// onScale leaves out methods whose numbers are not CVSS's.
func onScale(method string) bool {
	word := strings.ToLower(method)
	return !strings.Contains(word, "epss") && !strings.Contains(word, "ssvc") && !strings.Contains(word, "owasp")
}

func isNumber(stated string) bool {
	_, err := strconv.ParseFloat(stated, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

func isVector(stated string) bool {
	_, err := cvss.Score(stated)
	return err == nil || strings.HasPrefix(stated, "CVSS:")
}
