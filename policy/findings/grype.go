package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

type grypeReport struct {
	Matches found[grypeMatch] `json:"matches"`
	Source  struct {
		Target jsontext.Value `json:"target"`
	} `json:"source"`
	Descriptor struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Timestamp string `json:"timestamp"`
	} `json:"descriptor"`
}

type grypeMatch struct {
	Vulnerability grypeVulnerability       `json:"vulnerability"`
	Related       each[grypeVulnerability] `json:"relatedVulnerabilities"`
	Artifact      struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	} `json:"artifact"`
}

type grypeVulnerability struct {
	ID        string          `json:"id"`
	Namespace string          `json:"namespace"`
	Severity  string          `json:"severity"`
	CVSS      each[grypeCVSS] `json:"cvss"`
	Fix       struct {
		Versions each[string] `json:"versions"`
	} `json:"fix"`
}

type grypeCVSS struct {
	Source  string `json:"source"`
	Vector  string `json:"vector"`
	Metrics struct {
		BaseScore *float64 `json:"baseScore"`
	} `json:"metrics"`
}

// grypeTarget is a source that is an image; those of other sources have no digests, and may be a text.
type grypeTarget struct {
	ImageID        string   `json:"imageID"`
	ManifestDigest string   `json:"manifestDigest"`
	RepoDigests    []string `json:"repoDigests"`
}

var grypeSeverities = []string{"", "unknown", "negligible", "low", "medium", "high", "critical"}

func readGrype(r *reading, text []byte) error {
	g, err := decode[grypeReport](text)
	switch {
	case err != nil:
		return err
	case g.Matches == nil:
		return fault.At(0, "/matches", "it has no list of matches: that is not the same as none found")
	}
	r.report.Tool = tool(g.Descriptor.Name, g.Descriptor.Version)
	r.report.Made = utc(g.Descriptor.Timestamp)
	if g.Source.Target.Kind() == '{' {
		target, err := decode[grypeTarget](g.Source.Target)
		if err != nil {
			return err
		}
		r.about(append(target.RepoDigests, target.ImageID, target.ManifestDigest)...)
	}
	for i, m := range g.Matches {
		if err := r.addGrype(fmt.Sprintf("/matches/%d", i), m); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) addGrype(path string, m grypeMatch) error {
	v := m.Vulnerability
	switch {
	case m.Artifact.Name == "":
		return fault.At(0, path+"/artifact/name", "a match in no package")
	case !slices.Contains(grypeSeverities, strings.ToLower(v.Severity)):
		return fault.At(0, path+"/vulnerability/severity", "Grype has no severity %s", fault.Quote(v.Severity))
	}
	f := Finding{ID: v.ID, Package: Package(m.Artifact), Severity: severity(v.Severity), Fixed: v.Fix.Versions, Scores: v.scores()}
	for _, related := range m.Related {
		f.Aliases = append(f.Aliases, related.ID)
		f.Scores = append(f.Scores, related.scores()...)
	}
	return r.add(path, f)
}

// scores are by whom each names, or else by whom the vulnerability is from: "nvd:cpe", "github:language:java".
func (v grypeVulnerability) scores() []Score {
	namespace, _, _ := strings.Cut(v.Namespace, ":")
	var list []Score
	for _, c := range v.CVSS {
		by := source(c.Source)
		if c.Source == "" {
			by = source(namespace)
		}
		list = append(list, Score{By: by, Vector: c.Vector, Stated: c.Metrics.BaseScore})
	}
	return list
}
