package vex

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCycloneDX(t *testing.T) {
	list := parse(t, CycloneDX, example(t, CycloneDX))
	app := Product{Name: "app", PURLs: []string{"pkg:oci/app"}, Digests: []string{appDigest}}
	with := func(part Product) []Product {
		p := app
		p.Subcomponents = []Product{part}
		return []Product{p}
	}
	ssl := Product{Name: "openssl", PURLs: []string{"pkg:deb/debian/openssl@3.0.1"}}
	two := with(Product{Name: "crypto 1.1", PURLs: []string{"pkg:deb/debian/crypto@1.1"}})
	two = append(two, with(Product{Name: "crypto vers:deb/>=2"})...)
	for i, want := range []struct {
		status, label, impact, action, notes string
		products                             []Product
	}{
		{NotAffected, "vulnerable_code_not_in_execute_path", "never called", "", "", with(ssl)},
		{Affected, "", "", "update, workaround_available\nbad\nupdate to 2", "", []Product{app}},
		{Fixed, "", "", "", "patched", two},
		{UnderInvestigation, "", "", "", "", with(ssl)},
		{NotAffected, "", "false_positive\nprotected_at_perimeter", "", "", []Product{{Name: "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:deb/debian/openssl@3.0.1"}}},
		{Fixed, "", "", "", "", with(Product{Name: "openssl 3.0.2"})},
	} {
		s := list[i]
		got := []string{s.Status, s.Justification, s.Impact, s.Action, s.Notes}
		if diff := cmp.Diff([]string{want.status, want.label, want.impact, want.action, want.notes}, got); diff != "" {
			t.Errorf("%s: %s", s.Vulnerability, diff)
		}
		if diff := cmp.Diff(want.products, s.Products); diff != "" {
			t.Errorf("%s: %s", s.Vulnerability, diff)
		}
	}
	if len(list) != 6 {
		t.Errorf("%d statements: one has no analysis", len(list))
	}
	s := list[0]
	if s.Document != "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2" || s.Author != "Example Org" || s.Aliases[0] != "GHSA-aaaa-bbbb-cccc" {
		t.Errorf("%+v", s)
	}
	if !s.Made.Equal(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)) || !list[1].Made.Equal(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("made %v, %v", s.Made, list[1].Made)
	}
}

func TestCycloneDXRefused(t *testing.T) {
	refuse(t, CycloneDX, []refusal{
		{"1.7", `"specVersion": "1.6"`, `"specVersion": "1.7"`, "CycloneDX 1.7 is not read here"},
		{"1.3", `"specVersion": "1.6"`, `"specVersion": "1.3"`, "CycloneDX 1.3 is not read here"},
		{"no version", `"specVersion": "1.6",`, ``, "CycloneDX"},
		{"another format", `"bomFormat": "CycloneDX"`, `"bomFormat": "Other"`, "bomFormat"},
		{"unknown state", `"state": "in_triage"`, `"state": "affected"`, "state"},
		{"unknown justification", `"code_not_reachable"`, `"vulnerable_code_not_present"`, "justification"},
		{"name twice", `"state": "in_triage"`, `"state": "in_triage", "state": "resolved"`, "/vulnerabilities/4"},
		{"no id", `"id": "CVE-2026-4000", `, ``, "/vulnerabilities/4/id"},
		{"no affects", `, "affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2#ssl"}]`, ``, "/vulnerabilities/4/affects"},
		{"bom-ref twice", `"bom-ref": "crypto"`, `"bom-ref": "ssl"`, "bom-ref"},
		{"no such day", `"firstIssued": "2026-03-02T08:00:00Z"`, `"firstIssued": "2026-02-30T08:00:00Z"`, "firstIssued"},
		{"more after it", "]\n}", "]\n} x", "line"},
	})
}

func TestCycloneDXOther(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"XML":         {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"></bom>`, "JSON alone"},
		"no analysis": {`{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "vulnerabilities": [{"id": "CVE-1"}]}`, "no statement"},
	} {
		if _, err := Parse(CycloneDX, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCycloneDXVersions says which version of a component an analysis is about.
func TestCycloneDXVersions(t *testing.T) {
	for _, c := range []struct{ own, status, versions, want string }{
		{"", NotAffected, `{"version": "1", "status": "unaffected"}`, "pkg:npm/x@1"},
		{"", NotAffected, `{"version": "1", "status": "affected"}`, ""},
		{"", NotAffected, `{"version": "1"}`, ""},
		{"", Fixed, `{"version": "1", "status": "unknown"}`, ""},
		{"", Affected, `{"version": "1"}`, "pkg:npm/x@1"},
		{"", Affected, `{"version": "1", "status": "unaffected"}`, ""},
		{"", UnderInvestigation, `{"version": "1", "status": "unknown"}`, "pkg:npm/x@1"},
		{"", NotAffected, `{"range": "vers:npm/*", "status": "unaffected"}`, ""},
		{"2", NotAffected, `{"version": "1", "status": "unaffected"}`, ""},
		{"2", NotAffected, `{"version": "2", "status": "unaffected"}`, "pkg:npm/x@2"},
	} {
		purl := "pkg:npm/x"
		if c.own != "" {
			purl += "@" + c.own
		}
		value, err := decode([]byte(fmt.Sprintf(`{"p": {"bom-ref": "r", "name": "x", "purl": %q}, "v": [%s]}`, purl, c.versions)))
		if err != nil {
			t.Fatal(err)
		}
		parts := cycloneParts{refs: map[string]*cyclonePart{}}
		got := ""
		for _, p := range parts.add(value["p"]).at(listAt(value, "v"), c.status) {
			got += strings.Join(p.PURLs, " ")
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
