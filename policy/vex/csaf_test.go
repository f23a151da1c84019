package vex

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCSAF(t *testing.T) {
	list := parse(t, CSAF, example(t, CSAF))
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s|%s", s.Vulnerability, s.Status, s.Products[0].Name, s.Justification, s.Impact, s.Action))
	}
	want := []string{
		"CVE-2026-1000|affected|App 0|||vendor_fix: update to 2",
		"CVE-2026-1000|not_affected|App 1||not built in|",
		"CVE-2026-1000|not_affected|openssl in App 1|vulnerable_code_not_present|not built in|",
		"CVE-2026-1000|fixed|App 2|||",
		"CVE-2026-1000|fixed|App 2|||",
		"CVE-2026-1000|under_investigation|openssl in App 1 on App 0|||",
		"EX-77|not_affected|openssl||never shipped|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if got := parse(t, CSAF, strings.Replace(example(t, CSAF), `"algorithm": "sha256"`, `"algorithm": "SHA-512"`, 1))[1].Products[0].Digests[0]; got != "sha512:"+appDigest[7:] {
		t.Errorf("digest %s", got)
	}
	s := list[2]
	product := Product{
		Name: "openssl in App 1", PURLs: []string{"pkg:oci/app"}, Digests: []string{appDigest},
		Subcomponents: []Product{{Name: "openssl", PURLs: []string{"pkg:deb/debian/openssl@3.0.1"}}},
	}
	if diff := cmp.Diff([]Product{product}, s.Products); diff != "" {
		t.Error(diff)
	}
	if s.Document != "https://example.org#EX-1@1" || s.Author != "Example Org" || !s.Made.Equal(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)) || s.Aliases[0] != "GHSA-aaaa-bbbb-cccc" {
		t.Errorf("%+v", s)
	}
	if deep := list[5].Products[0]; len(deep.PURLs)+len(deep.Digests)+len(deep.Subcomponents) != 0 {
		t.Errorf("a relationship of a relationship is matched by %+v", deep)
	}
}

func TestCSAFRefused(t *testing.T) {
	refuse(t, CSAF, []refusal{
		{"2.1", `"csaf_version": "2.0"`, `"csaf_version": "2.1"`, `CSAF "2.1" is not read here`},
		{"no version", `"csaf_version": "2.0",`, ``, "/document/csaf_version: it is missing"},
		{"version as a number", `"csaf_version": "2.0"`, `"csaf_version": 2.0`, "/document/csaf_version"},
		{"base", `"csaf_vex"`, `"csaf_base"`, `category "csaf_base"`},
		{"advisory", `"csaf_vex"`, `"csaf_security_advisory"`, `category "csaf_security_advisory"`},
		{"CSAF_VEX", `"csaf_vex"`, `"CSAF_VEX"`, "/document/category"},
		{"no publisher", `"publisher": {"category": "vendor", "name": "Example Org", "namespace": "https://example.org"},`, ``, "publisher"},
		{"no such day", `"current_release_date": "2026-03-02T08:00:00Z"`, `"current_release_date": "2026-02-30T08:00:00Z"`, "current_release_date"},
		{"unknown name", `"title": "Example"`, `"title": "Example", "expires": "2026"`, `"expires"`},
		{"name twice", `"title": "Example"`, `"title": "Example", "title": "Other"`, "/document/title"},
		{"unknown label", `"vulnerable_code_not_present"`, `"code_not_present"`, "/vulnerabilities/0/flags/0/label"},
		{"unknown status", `"fixed": ["NEW"]`, `"harmless": ["NEW"]`, `"harmless"`},
		{"6.1.1 status", `"known_affected": ["OLD"]`, `"known_affected": ["OLDER"]`, "6.1.1"},
		{"6.1.1 flag", `"product_ids": ["APP-SSL"]`, `"product_ids": ["APP-SSH"]`, "6.1.1"},
		{"6.1.1 group", `"product_ids": ["APP", "APP-SSL"]`, `"product_ids": ["APP", "APP-SSH"]`, "6.1.1"},
		{"6.1.1 relationship", `"product_reference": "SSL"`, `"product_reference": "SSH"`, "6.1.1"},
		{"6.1.2", `"product_id": "OLD"`, `"product_id": "SSL"`, "6.1.2"},
		{"6.1.2 relationship", `"product_id": "DEEP"`, `"product_id": "APP"`, "6.1.2"},
		{"6.1.3", `"product_reference": "SSL"`, `"product_reference": "DEEP"`, "6.1.3"},
		{"6.1.3 itself", `"product_reference": "SSL"`, `"product_reference": "APP-SSL"`, "6.1.3"},
		{"6.1.4", `"group_ids": ["ALL"]`, `"group_ids": ["SOME"]`, "6.1.4"},
		{"6.1.5", `[{"group_id": "ALL", "product_ids": ["APP", "APP-SSL"]}]`, `[{"group_id": "ALL", "product_ids": ["APP", "SSL"]}, {"group_id": "ALL", "product_ids": ["APP", "OLD"]}]`, "6.1.5"},
		{"6.1.6", `"known_affected": ["OLD"]`, `"known_affected": ["OLD", "APP"]`, "6.1.6"},
		{"6.1.6 fixed and affected", `"fixed": ["NEW"]`, `"fixed": ["NEW", "OLD"]`, "6.1.6"},
		{"6.1.6 investigated and fixed", `"under_investigation": ["DEEP"]`, `"under_investigation": ["NEW"]`, "6.1.6"},
		{"recommended and affected", `"recommended": ["NEW"]`, `"recommended": ["OLD"]`, "6.1.6"},
		{"6.1.13", `"pkg:deb/debian/openssl@3.0.1"`, `"pkg:julia/openssl"`, "6.1.13"},
		{"purl with an empty version", `"pkg:deb/debian/openssl@3.0.1"`, `"pkg:deb/debian/openssl@"`, "nothing stands after its @"},
		{"6.1.23", `"ids": [{"system_name": "Example", "text": "EX-77"}],`, `"cve": "CVE-2026-1000",`, "6.1.23"},
		{"6.1.27.4", `"product_tree"`, `"x_tree"`, "x_tree"},
		{"6.1.27.7", `"product_status": {"known_not_affected": ["SSL"]}`, `"product_status": {"recommended": ["SSL"]}`, "6.1.27.7"},
		{"6.1.27.8", `"ids": [{"system_name": "Example", "text": "EX-77"}],`, ``, "6.1.27.8"},
		{"6.1.27.9", `"threats": [{"category": "impact", "details": "never shipped"}],`, ``, "6.1.27.9"},
		{"6.1.27.9 threat of another category", `[{"category": "impact", "details": "never shipped"}]`, `[{"category": "exploit_status", "details": "never shipped"}]`, "6.1.27.9"},
		{"6.1.27.9 threat of another product", `"details": "never shipped"`, `"details": "never shipped", "product_ids": ["APP"]`, "6.1.27.9"},
		{"6.1.27.10", `"remediations": [{"category": "vendor_fix", "details": "update to 2", "product_ids": ["OLD"]}],`, ``, "6.1.27.10"},
		{"6.1.29", `"details": "update to 2", "product_ids": ["OLD"]`, `"details": "update to 2"`, "6.1.29"},
		{"6.1.32", `"label": "vulnerable_code_not_present", "product_ids": ["APP-SSL"]`, `"label": "vulnerable_code_not_present"`, "6.1.32"},
		{"6.1.33", `"flags": [`, `"flags": [{"label": "component_not_present", "group_ids": ["ALL"]}, `, "6.1.33"},
	})
}

// TestCSAFMissing drops what the schema does not ask for and the profile does.
func TestCSAFMissing(t *testing.T) {
	head, _, _ := strings.Cut(example(t, CSAF), `,
  "product_tree"`)
	for text, want := range map[string]string{
		head + "}": "6.1.27.4",
		head + `, "product_tree": {"full_product_names": [{"product_id": "A", "name": "a"}]}}`: "6.1.27.11",
	} {
		if _, err := Parse(CSAF, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is wanted, and it says %v", want, err)
		}
	}
}

// TestCSAFMultiplied has groups that name all products, and threats that name
// the groups: a document of a megabyte that would be terabytes of text.
func TestCSAFMultiplied(t *testing.T) {
	var names, ids, threats []string
	for i := range 5000 {
		names = append(names, fmt.Sprintf(`{"product_id": "P%d", "name": "p"}`, i))
		ids = append(ids, fmt.Sprintf(`"P%d"`, i))
		threats = append(threats, fmt.Sprintf(`{"category": "impact", "details": "%d", "group_ids": ["G"]}`, i))
	}
	head, _, _ := strings.Cut(example(t, CSAF), `"product_tree"`)
	text := head + `"product_tree": {"full_product_names": [` + strings.Join(names, ",") + `],
		"product_groups": [{"group_id": "G", "product_ids": [` + strings.Join(ids, ",") + `]}]},
		"vulnerabilities": [{"cve": "CVE-2026-1000", "product_status": {"known_not_affected": ["P1"]}, "threats": [` + strings.Join(threats, ",") + `]}]}`
	start := time.Now()
	_, err := Parse(CSAF, []byte(text))
	if err == nil || !strings.Contains(err.Error(), "multiply") {
		t.Errorf("it says %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("it took %v", spent)
	}
}
