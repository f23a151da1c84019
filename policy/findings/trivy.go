package findings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

type trivyReport struct {
	SchemaVersion jsontext.Value `json:"SchemaVersion"`
	ArtifactName  *string        `json:"ArtifactName"`
	CreatedAt     string         `json:"CreatedAt"`
	Trivy         struct {
		Version string `json:"Version"`
	} `json:"Trivy"`
	Metadata struct {
		ImageID     string   `json:"ImageID"`
		RepoDigests []string `json:"RepoDigests"`
	} `json:"Metadata"`
	Results []struct {
		Vulnerabilities found[trivyVulnerability] `json:"Vulnerabilities"`
	} `json:"Results"`
}

type trivyVulnerability struct {
	ID         string `json:"VulnerabilityID"`
	Name       string `json:"PkgName"`
	Version    string `json:"InstalledVersion"`
	Fixed      string `json:"FixedVersion"`
	Severity   string `json:"Severity"`
	Identifier struct {
		PURL string `json:"PURL"`
	} `json:"PkgIdentifier"`
	CVSS map[string]trivyCVSS `json:"CVSS"`
}

type trivyCVSS struct {
	V2Vector  string   `json:"V2Vector"`
	V3Vector  string   `json:"V3Vector"`
	V40Vector string   `json:"V40Vector"`
	V2Score   *float64 `json:"V2Score"`
	V3Score   *float64 `json:"V3Score"`
	V40Score  *float64 `json:"V40Score"`
}

var trivySeverities = []string{"", "unknown", "low", "medium", "high", "critical"}

// readTrivy reads SchemaVersion 2. A report without Results is one with nothing found, which is how Trivy writes it.
func readTrivy(r *reading, text []byte) error {
	t, err := decode[trivyReport](text)
	switch {
	case err != nil:
		return err
	case string(t.SchemaVersion) != "2":
		return fault.At(0, "/SchemaVersion", "it is %s: only 2 is read", fault.Quote(string(t.SchemaVersion)))
	case t.Results == nil && t.ArtifactName == nil:
		return fault.At(0, "/Results", "it has neither results nor the name of what was scanned")
	}
	r.report.Tool = tool("trivy", t.Trivy.Version)
	r.report.Made = utc(t.CreatedAt)
	r.about(append(t.Metadata.RepoDigests, t.Metadata.ImageID)...)
	for i, result := range t.Results {
		for j, v := range result.Vulnerabilities {
			if err := r.addTrivy(fmt.Sprintf("/Results/%d/Vulnerabilities/%d", i, j), v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading) addTrivy(path string, v trivyVulnerability) error {
	switch {
	case v.Name == "":
		return fault.At(0, path+"/PkgName", "a vulnerability in no package")
	case !slices.Contains(trivySeverities, strings.ToLower(v.Severity)):
		return fault.At(0, path+"/Severity", "Trivy has no severity %s", fault.Quote(v.Severity))
	}
	f := Finding{
		ID: v.ID, Severity: severity(v.Severity), Fixed: commas(v.Fixed),
		Package: Package{Name: v.Name, Version: v.Version, PURL: v.Identifier.PURL},
	}
	for _, by := range slices.Sorted(maps.Keys(v.CVSS)) {
		f.Scores = append(f.Scores, v.CVSS[by].scores(source(by))...)
	}
	return r.add(path, f)
}

func (c trivyCVSS) scores(by string) []Score {
	var list []Score
	for _, s := range []Score{{by, c.V2Vector, c.V2Score}, {by, c.V3Vector, c.V3Score}, {by, c.V40Vector, c.V40Score}} {
		if s.Vector != "" || s.Stated != nil {
			list = append(list, s)
		}
	}
	return list
}

// commas cuts a list as Trivy and Grype write it: "3.1.0, 2.6.9".
func commas(list string) []string {
	var parts []string
	for part := range strings.SplitSeq(list, ",") {
		parts = append(parts, strings.TrimSpace(part))
	}
	return parts
}
