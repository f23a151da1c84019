package findings_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/evidence/kind"
	"stellad/internal/vectors"
	"stellad/policy/findings"
)

type published struct {
	File, Kind, Version, Expect, Class string
	Findings                           *int
	Ambiguous                          bool
}

// formats are those of the manifest's kinds.
var formats = map[string]string{
	"grype-json": "grype", "trivy-json": "trivy", "sarif": "sarif", "cyclonedx-vuln-json": "cyclonedx", "cyclonedx-vuln-xml": "cyclonedx",
}

// TestReportVectors reads each published report as what it is, and each as what its bytes say that it is.
func TestReportVectors(t *testing.T) {
	dir := vectors.Dir(t, "vulnreport")
	var rows []published
	vectors.Manifest(t, dir, &rows)
	for _, row := range rows {
		if row.Ambiguous {
			continue
		}
		t.Run(filepath.Base(row.File), func(t *testing.T) { row.check(t, dir) })
	}
}

func (p published) check(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, p.File))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for kind, format := range formats {
		if kind == p.Kind || p.Expect == "refuse" {
			tried++
			p.checkAs(t, format, text)
		}
	}
	found, err := kind.Of(bytes.NewReader(text))
	if format, is := formats[p.Kind]; is && p.Expect == "accept" && (err != nil || string(found) != format) {
		t.Errorf("its bytes say %q %v", found, err)
	}
	if tried == 0 {
		t.Fatalf("a kind that no test knows: %q", p.Kind)
	}
}

func (p published) checkAs(t *testing.T, format string, text []byte) {
	r, err := findings.Parse(format, text)
	switch {
	case p.Expect == "refuse":
		if err == nil {
			t.Errorf("taken as %s with %d findings", format, len(r.Findings))
		} else if formats[p.Kind] == format && p.Class == "version" && !strings.Contains(err.Error(), strings.Trim(p.Version, `"`)) {
			t.Errorf("the version %s is not named: %v", p.Version, err)
		} else {
			refused(t, r, err)
		}
	case err != nil:
		t.Error(err)
	case p.Findings != nil && *p.Findings != len(r.Findings):
		t.Errorf("%d findings, published are %d", len(r.Findings), *p.Findings)
	default:
		sound(t, r)
	}
}
