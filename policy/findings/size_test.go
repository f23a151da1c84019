package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"stellad/policy/findings"
)

// grypeOf makes a report of n findings, each in a package of its own, with the members that Grype writes.
func grypeOf(n int) string {
	const match = `{"vulnerability":{"id":"CVE-2024-%05d","dataSource":"https://nvd.example/CVE-2024-%05d","namespace":"debian:distro:debian:12","severity":"High","urls":["https://a.example"],` +
		`"description":"A text of the length that descriptions have, which says what is wrong, since when, and what becomes of it where nobody mends it.",` +
		`"cvss":[{"source":"nvd@nist.gov","type":"Primary","version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","metrics":{"baseScore":9.8,"exploitabilityScore":3.9,"impactScore":5.9},"vendorMetadata":{}}],` +
		`"fix":{"versions":["1.2.%d"],"state":"fixed"},"advisories":[]},"relatedVulnerabilities":[{"id":"GHSA-%05d","namespace":"github:language:go","severity":"High","urls":[],"cvss":[]}],` +
		`"matchDetails":[{"type":"exact-direct-match","matcher":"dpkg-matcher","searchedBy":{"distro":{"type":"debian","version":"12"},"package":{"name":"p%d","version":"1"}},"found":{"versionConstraint":"< 2 (deb)"}}],` +
		`"artifact":{"id":"%016x","name":"p%d","version":"1.0","type":"deb","locations":[{"path":"/var/lib/dpkg/status","layerID":"sha256:00"}],"language":"","licenses":["MIT"],"cpes":["cpe:2.3:a:p:p:1:*:*:*:*:*:*:*"],` +
		`"purl":"pkg:deb/debian/p%d@1.0?arch=amd64&distro=debian-12","upstreams":[]}}`
	var b strings.Builder
	b.WriteString(`{"matches":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, match, i, i, i, i, i, i, i, i)
	}
	b.WriteString(`],"descriptor":{"name":"grype","version":"1"}}`)
	return b.String()
}

// list makes a JSON list of n times the same.
func list(n int, of string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(of+",", n), ",") + "]"
}

func TestCaps(t *testing.T) {
	const short = `{"vulnerability":{"id":"a"},"artifact":{"name":"b"}}`
	cves := `{"vulnerability":{"id":"a"},"relatedVulnerabilities":` + list(200, `{"id":"CVE-2024-0001"}`) + `,"artifact":{"name":"b"}}`
	for _, c := range []struct{ what, text, says string }{
		{"bytes", `{"matches":[]}` + strings.Repeat(" ", findings.MaxSize), "more than 64 MiB"},
		{"findings", `{"matches":` + list(findings.MaxFindings+1, short) + `}`, "/matches: more than 100000 findings"},
		{"scores of all names", `{"matches":[{"vulnerability":{"id":"a","cvss":` + list(150, `{}`) + `},"relatedVulnerabilities":[{"id":"b","cvss":` + list(51, `{}`) + `}],"artifact":{"name":"b"}}]}`, "more than 200 scores"},
		{"tokens", `{"x":` + list(9<<20, `1`) + `,"matches":[]}`, "tokens"},
		{"aliases", `{"matches":[` + strings.Replace(cves, `:[{`, `:[{"id":"x"},{`, 1) + `]}`, "/matches/0/relatedVulnerabilities: more than 200 in a list"},
		{"scores", `{"matches":[{"vulnerability":{"id":"a","cvss":` + list(201, `{}`) + `},"artifact":{"name":"b"}}]}`, "/matches/0/vulnerability/cvss: more than 200 in a list"},
		{"CVEs", `{"matches":` + list(200, differentCVEs()) + `}`, "too many CVEs"},
		{"vector", `{"matches":[{"vulnerability":{"id":"a","cvss":[{"vector":"` + strings.Repeat("A", 2049) + `"}]},"artifact":{"name":"b"}}]}`, "a vector of more than 2048 bytes"},
	} {
		r, err := findings.Parse("grype", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: want %q in %v", c.what, c.says, err)
		} else {
			refused(t, r, err)
		}
	}
	full := `{"matches":` + list(findings.MaxFindings, short) + `}` // as much as there may be is read
	if r := findings.Merge(map[string]*findings.Report{"a": readQuickly(t, full)}); len(r) != 1 {
		t.Errorf("%d findings of one", len(r))
	}
}

// differentCVEs is a match with 200 CVEs.
func differentCVEs() string {
	var ids []string
	for i := range 200 {
		ids = append(ids, fmt.Sprintf(`{"id":"CVE-2024-%04d"}`, i))
	}
	return `{"vulnerability":{"id":"a"},"relatedVulnerabilities":[` + strings.Join(ids, ",") + `],"artifact":{"name":"b"}}`
}

func readQuickly(t testing.TB, text string) *findings.Report {
	t.Helper()
	r, err := findings.Parse("grype", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNoSquare has names that belong to very many CVEs: in one package, 20,000 CVEs with an alias that 20,000 others have.
func TestNoSquare(t *testing.T) {
	const n = 20_000
	score := 10.0
	r := &findings.Report{}
	for i := range n {
		r.Findings = append(r.Findings,
			findings.Finding{ID: fmt.Sprintf("CVE-2024-%05d", i), Aliases: []string{"DSA-1"}, Severity: "low"},
			findings.Finding{ID: fmt.Sprintf("X-%d", i), Aliases: []string{"DSA-1"}, Severity: "high", Scores: []findings.Score{{By: "nvd", Stated: &score}}})
	}
	began := time.Now()
	merged := findings.Merge(map[string]*findings.Report{"a": r})
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if last := merged[len(merged)-1]; len(merged) != n+1 || last.ID != "X-0" || last.Rating.Worst != 10 || len(last.Aliases) != n {
		t.Errorf("%d, at the end %s %+v", len(merged), last.ID, last.Rating)
	}
}

// TestCapsElsewhere has as many findings as are one too many, in the other formats.
func TestCapsElsewhere(t *testing.T) {
	const n = findings.MaxFindings + 1
	const bom = `<bom version="1" xmlns="http://cyclonedx.org/schema/bom/1.5">`
	half := list(n/2+1, `{"VulnerabilityID":"a","PkgName":"b"}`)
	for _, c := range []struct{ format, text, says string }{
		{"trivy", `{"SchemaVersion":2,"Results":[{"Vulnerabilities":` + half + `},{"Vulnerabilities":` + half + `}]}`, "more than 100000 findings"},
		{"trivy", `{"SchemaVersion":2,"Results":[{"Vulnerabilities":` + list(n, `{}`) + `}]}`, "/Results/0/Vulnerabilities: more than 100000"},
		{"sarif", `{"version":"2.1.0","runs":` + list(n, `{}`) + `}`, "/runs: more than 100000"},
		{"sarif", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":` + list(n, `{}`) + `}]}`, "/runs/0/results: more than 100000"},
		{"vulns", `{"scanner":{"result":` + list(n, `{"id":"a"}`) + `}}`, "more than 100000"},
		{"cyclonedx", `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"vulnerabilities":[` + different(n) + `]}`, "/vulnerabilities: more than 100000"},
		{"cyclonedx", bom + `<vulnerabilities>` + strings.Repeat(`<vulnerability><id>a</id></vulnerability>`, n) + `</vulnerabilities></bom>`, "more than 100000 findings"},
		{"cyclonedx", bom + `<vulnerabilities><vulnerability><id>a</id><ratings>` + strings.Repeat(`<rating/>`, 2<<20) + `</ratings></vulnerability></vulnerabilities></bom>`, "more than 2097152 elements"},
	} {
		r, err := findings.Parse(c.format, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: want %q in %v", c.format, c.says, err)
		} else {
			refused(t, r, err)
		}
	}
}

// different are n vulnerabilities, since the schema has none of them twice.
func different(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"id":"%d"}`, i)
	}
	return b.String()[1:]
}
