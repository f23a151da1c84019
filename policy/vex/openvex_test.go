package vex

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOpenVEX(t *testing.T) {
	list := parse(t, OpenVEX, example(t, OpenVEX))
	if len(list) != 4 {
		t.Fatalf("%d statements", len(list))
	}
	want := Statement{
		ID: list[0].ID, Document: "https://example.org/vex/1", Vulnerability: "CVE-2026-1000",
		Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Status: NotAffected, Justification: "vulnerable_code_not_present",
		Impact: "built without it", Notes: "reviewed\nExpires: 2026-12-31T00:00:00Z", Author: "Example Org",
		Made: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Expires: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		Products: []Product{{
			PURLs:         []string{"pkg:oci/app@sha256%3A" + appDigest[7:] + "?repository_url=registry.example/app"},
			Subcomponents: []Product{{PURLs: []string{"pkg:deb/debian/openssl@3.0.1?arch=amd64"}}},
		}},
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Error(diff)
	}
	if got := parse(t, OpenVEX, strings.Replace(example(t, OpenVEX), "sha-256", "sha-512", 1))[1].Products[0].Digests[0]; got != "sha512:"+otherDigest[7:] {
		t.Errorf("digest %s", got)
	}
	if got := list[1]; !got.Made.Equal(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)) || got.Products[0].Digests[0] != otherDigest || got.Index != 1 {
		t.Errorf("a time or a digest of its own is not taken: %+v", got)
	}
	if !strings.HasSuffix(list[3].ID, "#3") || list[3].ID[:64] != list[0].ID[:64] {
		t.Errorf("ID %s", list[3].ID)
	}
}

func TestOpenVEXRefused(t *testing.T) {
	const v2 = `"https://openvex.dev/ns/v0.2.0"`
	refuse(t, OpenVEX, []refusal{
		{"unversioned", v2, `"https://openvex.dev/ns"`, "before 0.2.0"},
		{"0.1.0", v2, `"https://openvex.dev/ns/v0.1.0"`, `OpenVEX "0.1.0" is not read here`},
		{"0.2.1", v2, `"https://openvex.dev/ns/v0.2.1"`, `OpenVEX "0.2.1" is not read here`},
		{"no context", `"@context": ` + v2 + `,`, ``, "/@context: it is missing"},
		{"context in a list", v2, `[` + v2 + `]`, "/@context: it is missing"},
		{"no id", `"@id": "https://example.org/vex/1",`, ``, "@id is missing"},
		{"id no URI", `"https://example.org/vex/1"`, `"vex 1"`, "/@id"},
		{"blank author", `"author": "Example Org"`, `"author": " "`, "/author"},
		{"no time", `"timestamp": "2026-03-01T08:00:00Z",`, ``, "timestamp is missing"},
		{"time without zone", `"2026-03-01T08:00:00Z"`, `"2026-03-01T08:00:00"`, "/timestamp"},
		{"no such day", `"2026-03-03T00:00:00Z"`, `"2026-02-30T00:00:00Z"`, "/statements/1/timestamp"},
		{"leap second", `"2026-03-03T00:00:00Z"`, `"2016-12-31T23:59:60Z"`, "/statements/1/timestamp"},
		{"version 0", `"version": 2`, `"version": 0`, "/version"},
		{"version in text", `"version": 2`, `"version": "2"`, "/version"},
		{"version and a half", `"version": 2`, `"version": 2.5`, "/version"},
		{"unknown name", `"version": 2`, `"version": 2, "expires": "2026-12-31T00:00:00Z"`, `"expires" is not a name`},
		{"unknown name in a statement", `"status": "fixed"`, `"status": "fixed", "expires": "2026"`, `"expires" is not a name`},
		{"name twice", `"status": "fixed"`, `"status": "fixed", "status": "affected"`, "/statements/2"},
		{"name twice but for case", `"status": "fixed"`, `"status": "fixed", "Status": "affected"`, "twice"},
		{"more after it", "]\n}", "]\n} {}", "more after"},
		{"cut short", "]\n}", "]", "cut short"},
		{"no UTF-8", "reviewed", "\xff", "UTF-8"},
		{"another status", `"status": "fixed"`, `"status": "not-affected"`, `none of not_affected`},
		{"status in capitals", `"status": "fixed"`, `"status": "Fixed"`, `none of not_affected`},
		{"no status", `,
      "status": "fixed"`, ``, "status is missing"},
		{"another label", `"vulnerable_code_not_present"`, `"code_not_present"`, "/statements/0/justification"},
		{"not affected, without why", `"justification": "vulnerable_code_not_present",
      "impact_statement": "built without it",`, ``, "needs a justification"},
		{"affected without action", `,
      "action_statement": "update to 2.0"`, ``, "needs an action_statement"},
		{"blank action", `"update to 2.0"`, `" "`, "/action_statement"},
		{"fixed with a justification", `"status": "fixed"`, `"status": "fixed", "justification": "component_not_present"`, "fixed takes none"},
		{"investigated with a justification", `"status": "under_investigation"`, `"status": "under_investigation", "justification": "component_not_present"`, "under_investigation takes none"},
		{"affected with an impact", `"status": "affected"`, `"status": "affected", "impact_statement": "none"`, "affected takes none"},
		{"fixed with an action", `"status": "fixed"`, `"status": "fixed", "action_statement": "update"`, "fixed takes none"},
		{"no vulnerability name", `{"name": "CVE-2026-3000"}`, `{"aliases": ["CVE-2026-3000"]}`, "name is missing"},
		{"vulnerability in text", `{"name": "CVE-2026-3000"}`, `"CVE-2026-3000"`, "/statements/2/vulnerability"},
		{"no products", `[{"identifiers": {"purl": "pkg:npm/left@1.0.0", "cpe23": "cpe:2.3:a:left:left:1.0.0:*:*:*:*:*:*:*"}}]`, `[]`, "/statements/2/products"},
		{"product of nothing", `{"identifiers": {"purl": "pkg:npm/left@1.0.0", "cpe23": "cpe:2.3:a:left:left:1.0.0:*:*:*:*:*:*:*"}}`, `{}`, "/statements/2/products/0"},
		{"product of subcomponents alone", `{"identifiers": {"purl": "pkg:npm/left@1.0.0", "cpe23"`, `{"subcomponents": [{"@id": "pkg:npm/a"}]}, {"identifiers": {"purl": "pkg:npm/left@1.0.0", "cpe23"`, "it would be any product"},
		{"subcomponent of nothing", `{"@id": "pkg:deb/debian/openssl@3.0.1?arch=amd64"}`, `{}`, "/subcomponents/0"},
		{"product in text", `{"@id": "https://example.org/app", "hashes"`, `"pkg:npm/x", {"hashes"`, "/statements/1/products/0"},
		{"bad purl", `pkg:npm/left@1.0.0`, `pkg:npm`, "it is no package URL"},
		{"purl with an empty version", `pkg:npm/left@1.0.0`, `pkg:npm/left@`, "nothing stands after its @"},
		{"bad purl as @id", `pkg:deb/debian/openssl@3.0.1?arch=amd64`, `pkg:deb/`, "/statements/0/products/0/subcomponents/0"},
		{"short digest", `"BBBBBBBB`, `"`, "/hashes/sha-256"},
		{"unknown hash", `"sha-256"`, `"sha256"`, "/hashes"},
		{"statement id twice", `"vulnerability": {"name": "CVE-2026-3000"}`, `"@id": "https://example.org/vex/1#2", "vulnerability": {"name": "CVE-2026-3000"}`, "/statements/2/@id"},
		{"expiry without zone", `Expires: 2026-12-31T00:00:00Z`, `Expires: 2026-12-31T00:00:00`, "/statements/0/status_notes"},
		{"expiry as a day", `Expires: 2026-12-31T00:00:00Z`, `Expires: 2026-12-31`, "status_notes"},
		{"expiry with an offset", `Expires: 2026-12-31T00:00:00Z`, `Expires: 2026-12-31T00:00:00+01:00`, "status_notes"},
		{"expiry with a fraction", `Expires: 2026-12-31T00:00:00Z`, `Expires: 2026-12-31T00:00:00.5Z`, "status_notes"},
		{"expiry in small letters", `Expires: 2026`, `expires: 2026`, "status_notes"},
		{"expiry with a blank before", `Expires: 2026`, ` Expires: 2026`, "status_notes"},
		{"expiry with a blank in it", `Expires: 2026`, `Expires : 2026`, "status_notes"},
		{"expiry with a blank after", `00:00:00Z"`, `00:00:00Z "`, "status_notes"},
		{"expiry not last", `Expires: 2026-12-31T00:00:00Z`, `Expires: 2026-12-31T00:00:00Z\nand so on`, "last line"},
		{"two expiries", `reviewed`, `Expires: 2026-10-31T00:00:00Z`, "last line"},
		{"empty expiry", `Expires: 2026-12-31T00:00:00Z`, `Expires:`, "status_notes"},
	})
}

func TestParseRefused(t *testing.T) {
	for name, c := range map[string]struct{ format, text, want string }{
		"no such format":  {"OpenVEX", example(t, OpenVEX), "none of openvex, csaf, cyclonedx"},
		"empty":           {OpenVEX, "", "openvex"},
		"a list":          {CSAF, "[]", "object"},
		"null":            {OpenVEX, "null", "object"},
		"too large":       {CSAF, strings.Repeat(" ", MaxSize+1), "8 MiB"},
		"too deep":        {OpenVEX, strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "deeper"},
		"CSAF as OpenVEX": {OpenVEX, example(t, CSAF), "/@context"},
		"OpenVEX as CSAF": {CSAF, example(t, OpenVEX), "/document/csaf_version"},
	} {
		if _, err := Parse(c.format, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
