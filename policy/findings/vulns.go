package findings

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/evidence/kind"
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
