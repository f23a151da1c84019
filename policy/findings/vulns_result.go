package findings

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

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

// addVulns takes in the entries of a result.
func (r *reading) addVulns(result []byte) error {
	entries, err := decode[found[vulnsResult]](result)
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
