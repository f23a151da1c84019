package findings_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"stellad/policy/findings"
)

func read(t *testing.T, format, text string) *findings.Report {
	t.Helper()
	r, err := findings.Parse(format, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, r)
	return r
}

// said writes a report in short, for comparison.
func said(r *findings.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s|%s|%s|", r.Format, r.Tool, r.Made)
	for _, a := range r.Artifacts {
		b.WriteString(a[7:8])
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s %v %s %s %s %s %v", f.ID, f.Aliases, f.Package.Name, f.Package.Version, f.Package.PURL, f.Severity, f.Fixed)
		for _, s := range f.Scores {
			fmt.Fprintf(&b, " %s:%s", s.By, s.Vector)
			if s.Stated != nil {
				fmt.Fprintf(&b, "=%v", *s.Stated)
			}
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	const mod = "example.org/mod v1.2.3 pkg:golang/example.org/mod@v1.2.3"
	const v31, v2 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L/Au:N/C:P/I:P/A:P"
	for _, c := range []struct{ format, text, want string }{
		{"grype", grypeText, "grype|grype 0.90.0|2026-02-03T03:05:06Z|123\nCVE-2024-0001 [GHSA-aaaa-bbbb-cccc] " + mod +
			" high [1.2.4] ghsa:CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H=7.5 nvd:" + v31 + "=9.8 nvd:" + v2 + "=7.5"},
		{"trivy", trivyText, "trivy|trivy 0.60.0|2026-02-03T03:05:06Z|13\nCVE-2024-0001 [] " + mod + " medium [1.2.4 1.3.0] nvd:" + v2 + "=7.5 nvd:" + v31 + "=9.8 redhat:=5.1"},
		{"sarif", sarifText, "sarif|Trivy 0.60.0|2026-02-03T03:05:06Z|13\nCVE-2024-0001 [] example.org/mod v1.2.3  critical [1.2.4] trivy:=9.8"},
		{"cyclonedx", cyclonedxText, "cyclonedx|scan 1|2026-02-03T03:05:06Z|123\nCVE-2024-0001 [GHSA-aaaa-bbbb-cccc] " + mod + " critical [] nvd:" + v31 + "=9.8 ghsa:" + v2 +
			"=7.5\nCVE-2024-0001 [GHSA-aaaa-bbbb-cccc] urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#x   critical [] nvd:" + v31 + "=9.8 ghsa:" + v2 + "=7.5"},
		{"cyclonedx", cyclonedxXML, "cyclonedx||2026-02-03T03:05:06Z|\nCVE-2024-0001 [GHSA-aaaa-bbbb-cccc] " + mod + " critical [] nvd:" + v31 + "=9.8"},
		{"vulns", vulnsText, "vulns|pkg:github/example/scan@1 1.0|2026-02-03T03:05:06Z|\nCVE-2024-0001 []    medium [] cvss_score:=5.2\nGHSA-aaaa-bbbb-cccc []    unknown [] nvd:" + v31},
	} {
		if got := said(read(t, c.format, c.text)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.format, got, c.want)
		}
	}
}

func TestNothingFound(t *testing.T) {
	for _, c := range []struct{ format, text string }{
		{"grype", `{"matches":[],"descriptor":{}}`},
		{"trivy", `{"SchemaVersion":2,"ArtifactName":"a"}`},
		{"trivy", `{"SchemaVersion":2,"Results":[]}`},
		{"sarif", "\xef\xbb\xbf" + `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}`},
		{"cyclonedx", `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"vulnerabilities":[]}`},
		{"vulns", `{"scanner":{"result":[]}}`},
	} {
		if r := read(t, c.format, c.text); len(r.Findings) > 0 {
			t.Errorf("%s: %v", c.text, r)
		}
	}
}

func TestPredicate(t *testing.T) {
	for _, of := range []string{findings.Vulns01, findings.Vulns02, findings.CosignVuln} {
		r, err := findings.ParsePredicate(of, []byte(vulnsText))
		if err != nil || len(r.Findings) != 2 {
			t.Errorf("%s: %v %v", of, r, err)
		}
	}
	for format, list := range texts {
		if format == "vulns" {
			continue
		}
		text := `{"invocation":{},"scanner":{"uri":"u","version":"1","result":` + list[0] + `},"metadata":{"scanFinishedOn":"2020-01-01T00:00:00Z"}}`
		got, err := findings.ParsePredicate(findings.CosignVuln, []byte(text))
		if want := read(t, format, list[0]); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v %v", format, got, err)
		}
	}
	for _, of := range []string{"", "https://slsa.dev/provenance/v1", findings.Vulns02 + "/", "https://in-toto.io/attestation/vulns/v0.3", "https://cyclonedx.org/bom", "\x00\n"} {
		if r, err := findings.ParsePredicate(of, []byte(vulnsText)); !errors.Is(err, findings.ErrNotReport) {
			t.Errorf("%q: %v %v", of, r, err)
		} else {
			refused(t, r, err)
		}
	}
}
