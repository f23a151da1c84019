package findings_test

import (
	"errors"
	"strings"
	"testing"

	"stellad/policy/findings"
)

// in puts something in the place of something else that is there.
func in(t *testing.T, text, old, with string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not there", old)
	}
	return strings.Replace(text, old, with, 1)
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("[", 90) + strings.Repeat("]", 90)
	for _, c := range []struct{ format, base, old, with, says string }{
		{"grype", grypeText, `"matches": [{`, `"matches": [{"x":1,"x":2,`, "duplicate"},
		{"grype", grypeText, `"matches"`, `"Matches"`, "case"},
		{"grype", grypeText, `"descriptor"`, `"Matches": [], "descriptor"`, "duplicate"},
		{"grype", grypeText, `"matches"`, `"matched"`, "/matches"},
		{"grype", `{"matches":null,"descriptor":{}}`, "", "", "/matches"},
		{"grype", `{"matches":{},"descriptor":{}}`, "", "", "/matches"},
		{"grype", `{"matches":[1]}`, "", "", "/matches/0"},
		{"grype", grypeText, `"id": "GHSA-aaaa-bbbb-cccc"`, `"id": ""`, "/matches/0: a finding without an ID"},
		{"grype", grypeText, `"id": "GHSA-aaaa-bbbb-cccc"`, `"id": 5`, "/matches/0/vulnerability/id"},
		{"grype", grypeText, `GHSA-aaaa-bbbb-cccc`, `GHSA\u001b[2J`, "do not print"},
		{"grype", grypeText, `GHSA-aaaa-bbbb-cccc`, `GHSA\nCVE-2024-0002`, "do not print"},
		{"grype", grypeText, `GHSA-aaaa-bbbb-cccc`, strings.Repeat("x", 300), "more than 256 bytes"},
		{"grype", grypeText, `"High"`, `"Harmless"`, `Grype has no severity "Harmless"`},
		{"grype", grypeText, `"name": "example.org/mod"`, `"name": ""`, "/matches/0/artifact/name"},
		{"grype", grypeText, `"version": "v1.2.3"`, `"version": "` + strings.Repeat("1", 3000) + `"`, "more than 2048 bytes"},
		{"grype", grypeText, `"baseScore": 7.5`, `"baseScore": -0.1`, "the score -0.1"},
		{"grype", grypeText, `"baseScore": 7.5`, `"baseScore": 10.1`, "the score 10.1"},
		{"grype", grypeText, `"baseScore": 7.5`, `"baseScore": 1e999`, "/baseScore"},
		{"grype", grypeText, `"baseScore": 7.5`, `"baseScore": NaN`, "line 4"},
		{"grype", grypeText, `"baseScore": 7.5`, `"baseScore": "7.5"`, "/baseScore"},
		{"grype", grypeText, `["1.2.4"]`, `[` + strings.Repeat(`"1",`, 300) + `"1"]`, "/matches/0/vulnerability/fix/versions: more than 200 in a list"},
		{"grype", grypeText, `"descriptor"`, `"x": ` + deep + `, "descriptor"`, "depth"},
		{"grype", grypeText + " {}", "", "", "second JSON value"},
		{"grype", grypeText[:len(grypeText)-1], "", "", "cut short"},
		{"grype", strings.Replace(grypeText, "High", "Hig\xff", 1), "", "", "UTF-8"},
		{"grype", "", "", "", "empty"},
		{"grype", "[]", "", "", "grype"},
		{"grype", trivyText, "", "", "/matches"},

		{"trivy", trivyText, `"SchemaVersion": 2`, `"SchemaVersion": "2"`, "/SchemaVersion"},
		{"trivy", trivyText, `"SchemaVersion": 2`, `"SchemaVersion": 2.0`, "only 2"},
		{"trivy", trivyText, `"SchemaVersion": 2`, `"SchemaVersion": 1`, "only 2"},
		{"trivy", trivyText, `"SchemaVersion": 2,`, ``, "only 2"},
		{"trivy", `{"SchemaVersion":2}`, "", "", "/Results"},
		{"trivy", `[{"Target":"a","Vulnerabilities":[]}]`, "", "", "trivy"},
		{"trivy", trivyText, `"Severity": "MEDIUM"`, `"Severity": "HARMLESS"`, "Trivy has no severity"},
		{"trivy", trivyText, `"Severity": "MEDIUM"`, `"Severity": "NONE"`, "Trivy has no severity"},
		{"trivy", trivyText, `"VulnerabilityID": "CVE-2024-0001", `, ``, "/Results/1/Vulnerabilities/0: a finding without an ID"},
		{"trivy", trivyText, `"PkgName": "example.org/mod"`, `"PkgName": ""`, "/Results/1/Vulnerabilities/0/PkgName"},
		{"trivy", trivyText, `"V3Score": 9.8`, `"V3Score": 11`, "the score 11 by nvd"},
		{"trivy", trivyText, `"V2Score": 7.5`, `"V2Score": -1`, "the score -1 by nvd"},
		{"trivy", trivyText, `"V2Score": 7.5`, `"V2Score": 7.5, "v2score": 1`, "duplicate"},
		{"trivy", trivyText, `"nvd": {`, `"nv\u0000d": {`, "do not print"},
		{"trivy", trivyText, `"Results": [`, `"Results": {`, "line"},
		{"trivy", trivyText, `"Results": [{`, `"Results": [{"Vulnerabilities": {}}, {`, "/Results/0/Vulnerabilities"},
		{"trivy", trivyText + "x", "", "", "line"},

		{"sarif", sarifText, `"2.1.0"`, `"2.0.0"`, `"2.0.0"`},
		{"sarif", sarifText, `"2.1.0"`, `2.1`, "/version"},
		{"sarif", `{"version":"2.1.0"}`, "", "", "/runs"},
		{"sarif", sarifText, `"results"`, `"outcomes"`, "/runs/0/results"},
		{"sarif", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":null}]}`, "", "", "not the same as none found"},
		{"sarif", `{"version":"2.1.0","runs":[{"results":[]}]}`, "", "", "/runs/0/tool/driver/name"},
		{"sarif", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[],"invocations":[{"executionSuccessful":false}]}]}`, "", "", "failed"},
		{"sarif", sarifText, `"results"`, `"externalPropertyFileReferences": {"results": [{"guid": "x"}]}, "results"`, "/runs/0/results"},
		{"sarif", sarifText, `"version": "2.1.0"`, `"version": "2.1.0", "inlineExternalProperties": [{"results": [{}]}]`, "/inlineExternalProperties/0/results"},
		{"sarif", sarifText, `"ruleIndex": 0`, `"ruleIndex": 7`, "there is no rule 7"},
		{"sarif", sarifText, `"ruleIndex": 0`, `"rule": {"index": 0, "toolComponent": {"index": 3}}`, "there is no rule 0"},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "NaN"`, `the score "NaN"`},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "-1"`, `the score "-1"`},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "10.01"`, `the score "10.01"`},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "0x1p3"`, "the score"},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "1e1"`, "the score"},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": "high"`, "the score"},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": 12`, "the score"},
		{"sarif", sarifText, `"security-severity": "9.8"`, `"security-severity": []`, "the score"},

		{"cyclonedx", cyclonedxText, `"1.6"`, `"1.7"`, "1.7"},
		{"cyclonedx", cyclonedxText, `"1.6"`, `"1.3"`, "1.3"},
		{"cyclonedx", cyclonedxText, `"score": 7.5`, `"score": 10.5`, "/vulnerabilities/0: the score 10.5"},
		{"cyclonedx", cyclonedxText, `"score": 7.5`, `"score": -7.5`, "the score -7.5"},
		{"cyclonedx", cyclonedxText, `"severity": "critical"`, `"severity": "dreadful"`, "/vulnerabilities/0/ratings/0/severity"},
		{"cyclonedx", cyclonedxText, `"id": "GHSA-aaaa-bbbb-cccc"`, `"id": "a", "id": "b"`, "cyclonedx"},
		{"cyclonedx", cyclonedxText, `"GHSA-aaaa-bbbb-cccc"`, `""`, "/vulnerabilities/0: a finding without an ID"},
		{"cyclonedx", `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"vulnerabilities":[{}]}`, "", "", "/vulnerabilities/0: a finding without an ID"},
		{"cyclonedx", cyclonedxText, `[{"ref": "c2"}, `, `[{"ref": "c2"}, {"ref": "c2"}, `, "/vulnerabilities/0/affects: elements 0 and 1 are equal"},
		{"cyclonedx", cyclonedxText, `"affects": [{"ref": "c2"}`, `"affects": [{"ref": ""}`, "/vulnerabilities/0/affects/0"},
		{"cyclonedx", cyclonedxXML, `<id>GHSA-aaaa-bbbb-cccc</id>`, `<id/>`, "/vulnerabilities/0: a finding without an ID"},
		{"cyclonedx", cyclonedxXML, `<score>9.8</score>`, `<score>98</score>`, "the score 98"},
		{"cyclonedx", cyclonedxXML, `<score>9.8</score>`, `<score>NaN</score>`, "score"},
		{"cyclonedx", cyclonedxXML, `bom/1.5`, `bom/1.7`, "1.7"},
		{"cyclonedx", cyclonedxXML, `<?xml version="1.0"?>`, `<!DOCTYPE bom [<!ENTITY a "b">]>`, "cyclonedx"},
		{"cyclonedx", cyclonedxXML + "<bom/>", "", "", "cyclonedx"},

		{"vulns", vulnsText, `"result"`, `"results"`, "/scanner/result"},
		{"vulns", `{"scanner":{"result":null}}`, "", "", "not the same as none found"},
		{"vulns", `{"scanner":{"result":"nothing"}}`, "", "", "/scanner/result"},
		{"vulns", `{"scanner":{"result":{}}}`, "", "", "no scanner's report"},
		{"vulns", `{"scanner":{"result":{"_type":"x","predicateType":"y","subject":[]}}}`, "", "", "of the kind statement"},
		{"vulns", `{"scanner":{"result":{"bomFormat":"CycloneDX","specVersion":"1.5","version":1}}}`, "", "", "no list of vulnerabilities"},
		{"vulns", `{"scanner":{"result":{"SchemaVersion":1,"Results":[]}}}`, "", "", "in /scanner/result"},
		{"vulns", vulnsText, `"id": "CVE-2024-0001"`, `"id": ""`, "/scanner/result/0: a finding without an ID"},
		{"vulns", vulnsText, `{"vulnerability"`, `{"id": "CVE-2024-0002", "vulnerability"`, "an ID twice"},
		{"vulns", vulnsText, `"5.2"`, `"52"`, `the score "52"`},
		{"vulns", vulnsText, `"5.2"`, `"-5.2"`, `the score "-5.2"`},
		{"vulns", vulnsText, `"5.2"`, `"nan"`, `the score "nan"`},
		{"vulns", vulnsText, `"5.2"`, `"1e400"`, `the score "1e400"`},
		{"vulns", vulnsText, `"5.2"`, `5.2`, "/scanner/result/0/severity"},
		{"vulns", `{"scanner":{"result":[{"id":"a","severity":"high"}]}}`, "", "", "a list is expected"},
		{"vulns", `{"scanner":{"result":[[]]}}`, "", "", "vulns"},
	} {
		text := in(t, c.base, c.old, c.with)
		if r, err := findings.Parse(c.format, []byte(text)); !errors.Is(err, findings.ErrReport) {
			t.Errorf("%s, %s: %v %v", c.format, c.with+c.says, r, err)
		} else if refused(t, r, err); !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.format) {
			t.Errorf("%s: want %q in %q", c.format, c.says, err)
		}
	}
}

func TestNotReport(t *testing.T) {
	for _, c := range []struct{ format, text string }{
		{"", grypeText},
		{"Grype", grypeText},
		{"spdx", grypeText},
		{"cyclonedx", `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1}`},
		{"cyclonedx", `<bom version="1" xmlns="http://cyclonedx.org/schema/bom/1.4"/>`},
	} {
		if r, err := findings.Parse(c.format, []byte(c.text)); !errors.Is(err, findings.ErrNotReport) {
			t.Errorf("%q: %v %v", c.format, r, err)
		} else {
			refused(t, r, err)
		}
	}
}
