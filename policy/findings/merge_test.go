package findings_test

import (
	"fmt"
	"strings"
	"testing"

	"stellad/policy/findings"
)

const high, middle = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" // 9.8, 7.5

// score is one by nvd, or by whom the vector names before a blank; a stated one below 0 is none.
func score(vector string, stated float64) findings.Score {
	s := findings.Score{By: "nvd", Vector: vector}
	if by, rest, is := strings.Cut(vector, " "); is {
		s.By, s.Vector = by, rest
	}
	if stated >= 0 {
		s.Stated = &stated
	}
	return s
}

func TestRating(t *testing.T) {
	const bare = -1
	for _, c := range []struct {
		severity string
		scores   []findings.Score
		want     string
	}{
		{"unknown", nil, "false 0 map[] unknown []"},
		{"none", nil, "false 0 map[] none []"},
		{"high", nil, "false 0 map[] high []"},
		{"unknown", []findings.Score{score("", 0)}, "true 0 map[nvd:0] none []"},
		{"unknown", []findings.Score{score(high, bare)}, "true 9.8 map[nvd:9.8] critical []"},
		{"unknown", []findings.Score{score("", 7)}, "true 7 map[nvd:7] high []"},
		{"unknown", []findings.Score{score("", 6.9)}, "true 6.9 map[nvd:6.9] medium []"},
		{"unknown", []findings.Score{score("", 0.1)}, "true 0.1 map[nvd:0.1] low []"},
		{"low", []findings.Score{score(high, 9.8)}, "true 9.8 map[nvd:9.8] low []"},
		{"low", []findings.Score{score(high, 9.76)}, "true 9.8 map[nvd:9.8] low []"},
		{"low", []findings.Score{score(high, 3)}, "true 9.8 map[nvd:9.8] low [nvd: 3.0 stated, 9.8 by its vector " + high + "]"},
		{"low", []findings.Score{score(middle, 10)}, "true 10 map[nvd:10] low [nvd: 10.0 stated, 7.5 by its vector " + middle + "]"},
		{"low", []findings.Score{score(high+"/E:U/RL:O/RC:U", 9.8)}, "true 9.8 map[nvd:9.8] low []"},
		{"low", []findings.Score{score(high+"/E:U/RL:O/RC:U", 7.8)}, "true 7.8 map[nvd:7.8] low []"},
		{"low", []findings.Score{score("AV:N/X", bare)}, `false 0 map[] low [nvd: no score stated, and none by its vector, which is malformed: "AV:N/X"]`},
		{"low", []findings.Score{score("AV:N/X", 5)}, `true 5 map[nvd:5] low [nvd: 5.0 stated, none by its vector, which is malformed: "AV:N/X"]`},
		{"low", []findings.Score{score(middle, bare), score("ghsa "+high, bare), score("", 2)}, "true 9.8 map[ghsa:9.8 nvd:7.5] low []"},
	} {
		r := &findings.Report{Findings: []findings.Finding{{ID: "x", Severity: c.severity, Scores: c.scores}}}
		m := findings.Merge(map[string]*findings.Report{"a": r})[0].Rating
		if got := fmt.Sprintf("%v %v %v %s %v", m.Known, m.Worst, m.By, m.Severity, m.Differs); got != c.want {
			t.Errorf("%+v: %s, want %s", c, got, c.want)
		}
	}
}

// TestSeverity has the word of one report not make that of another's scores less.
func TestSeverity(t *testing.T) {
	scored := findings.Finding{ID: "x", Severity: "unknown", Scores: []findings.Score{score(high, -1)}}
	for word, want := range map[string]string{"critical": "critical", "low": "critical", "none": "critical", "unknown": "critical"} {
		m := findings.Merge(map[string]*findings.Report{"a": {Findings: []findings.Finding{scored, {ID: "x", Severity: word}}}})
		if len(m) != 1 || m[0].Rating.Severity != want {
			t.Errorf("%s: %+v", word, m)
		}
	}
	m := findings.Merge(map[string]*findings.Report{"a": {Findings: []findings.Finding{{ID: "x", Severity: "none"}, {ID: "x", Severity: "unknown"}}}})
	if m[0].Rating.Severity != "unknown" {
		t.Errorf("none and unknown are %s", m[0].Rating.Severity)
	}
}

func TestWhichAreOne(t *testing.T) {
	for _, c := range []struct {
		what, entries, want string // "ID alias alias, …", and so what comes of it
	}{
		{"a CVE and its alias", "CVE-2024-0001 GHSA-a, GHSA-a", "CVE-2024-0001 GHSA-a"},
		{"an alias of two CVEs", "CVE-2024-0001 D, CVE-2024-0002 D, D", "CVE-2024-0001 D, CVE-2024-0002 D"},
		{"an entry with two CVEs", "D CVE-2024-0001 CVE-2024-0002", "CVE-2024-0001 D, CVE-2024-0002 D"},
		{"names that a third connects", "A B, C D, B C", "A B C D"},
		{"and a CVE of one of them", "A B, C D, B C, CVE-2024-0001 D", "CVE-2024-0001 A B C D"},
		{"names with nothing in common", "A B, C D", "A B, C D"},
		{"two CVEs with one alias", "CVE-2024-0001 D, CVE-2024-0002 D", "CVE-2024-0001 D, CVE-2024-0002 D"},
		{"a CVE that is no CVE", "CVE-2024-001 A, CVE-2024-0002 A", "CVE-2024-0002 A CVE-2024-001"},
		{"another case of another name", "GHSA-a, ghsa-a", "GHSA-a, ghsa-a"},
	} {
		r := &findings.Report{}
		for e := range strings.SplitSeq(c.entries, ", ") {
			names := strings.Fields(e)
			r.Findings = append(r.Findings, findings.Finding{ID: names[0], Aliases: names[1:]})
		}
		var got []string
		for _, m := range findings.Merge(map[string]*findings.Report{"a": r}) {
			got = append(got, strings.Join(append([]string{m.ID}, m.Aliases...), " "))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.what, s, c.want)
		}
	}
}

func TestWhichPackagesAreOne(t *testing.T) {
	purl := func(text string) findings.Package { return findings.Package{PURL: text} }
	const a = "pkg:deb/debian/a@1+2?arch=x&epoch=1"
	for _, c := range []struct {
		one, other findings.Package
		same       bool
	}{
		{purl(a), purl("pkg:deb/debian/a@1%2B2?epoch=1&arch=x"), true},
		{purl(a), purl(a + "&distro=debian-12&upstream=b&package-id=7"), true},
		{purl(a), findings.Package{Name: "else", PURL: a}, true},
		{findings.Package{Name: "a", Version: "1"}, findings.Package{Name: "a", Version: "1"}, true},
		{purl("pkg:npm/%40a/b@1"), purl("pkg:npm/@a/b@1"), true},
		{purl(a), purl("pkg:deb/debian/a@1+2?arch=y&epoch=1"), false},
		{purl(a), purl("pkg:deb/debian/a@1+2?arch=x&epoch=2"), false},
		{purl(a), purl("pkg:deb/debian/a@1+2?arch=x"), false},
		{purl(a), purl("pkg:deb/debian/a@1+3?arch=x&epoch=1"), false},
		{purl(a), purl("pkg:deb/ubuntu/a@1+2?arch=x&epoch=1"), false},
		{purl(a), purl(a + "#sub"), false},
		{purl(a), findings.Package{Name: a}, false},
		{purl("pkg:npm/a%2Fb@1"), purl("pkg:npm/a/b@1"), false},
		{purl("pkg:npm/a@1"), purl("pkg:npm/a%401"), false},
		{purl("pkg:npm/a@1"), purl("pkg:npm/a"), false},
		{findings.Package{Name: "a", Version: "1"}, findings.Package{Name: "a", Version: "2"}, false},
		{findings.Package{Name: "a", Version: "1"}, findings.Package{Name: "a"}, false},
		{findings.Package{Name: `a" "b`}, findings.Package{Name: "a", Version: "b"}, false},
		{findings.Package{}, findings.Package{Name: "a"}, false},
	} {
		r := &findings.Report{Findings: []findings.Finding{{ID: "x", Package: c.one}, {ID: "x", Package: c.other}}}
		if m := findings.Merge(map[string]*findings.Report{"a": r}); (len(m) == 1) != c.same {
			t.Errorf("%+v, %+v: %d", c.one, c.other, len(m))
		}
	}
}

// TestKinds counts what a person has to look at, and not what is no fault.
func TestKinds(t *testing.T) {
	for kind, found := range map[string]int{"": 1, "fail": 1, "open": 1, "review": 1, "pass": 0, "informational": 0, "notApplicable": 0} {
		text := fmt.Sprintf(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":"a","kind":%q,"message":{"text":"m"}}]}]}`, kind)
		if r := read(t, "sarif", text); len(r.Findings) != found {
			t.Errorf("%q: %d", kind, len(r.Findings))
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ related, want string }{
		{`{"id":"cve-2024-0001"}`, "CVE-2024-0001 [A]"},
		{`{"id":"CVE-2024-0001"},{"id":"CVE-2024-0002"}`, "A [CVE-2024-0001 CVE-2024-0002]"},
		{`{"id":"CVE-2024-0001"},{"id":"CVE-2024-0001"}`, "CVE-2024-0001 [A]"},
		{`{"id":"B"},{"id":"A"},{"id":""}`, "A [B]"},
		{`{"id":"CVE-2024-001"},{"id":"xCVE-2024-0001"}`, "A [CVE-2024-001 xCVE-2024-0001]"},
	} {
		f := read(t, "grype", `{"matches":[{"vulnerability":{"id":" A "},"relatedVulnerabilities":[`+c.related+`],"artifact":{"name":"p"}}]}`).Findings[0]
		if got := fmt.Sprint(f.ID, " ", f.Aliases); got != c.want {
			t.Errorf("%s: %s, want %s", c.related, got, c.want)
		}
	}
}
