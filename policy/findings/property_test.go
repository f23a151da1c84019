package findings_test

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stellad/policy/findings"
)

// spellings are two packages, each as scanners write it.
var spellings = [][]findings.Package{
	{{Name: "a", Version: "1+2", PURL: "pkg:deb/debian/a@1%2B2?arch=amd64&distro=debian-12"}, {Name: "a", Version: "1+2", PURL: "pkg:deb/debian/a@1+2?arch=amd64"}},
	{{Name: "a", Version: "1+2", PURL: "pkg:deb/debian/a@1%2B2?arch=arm64"}},
	{{Name: "a", Version: "1"}},
	{{}},
}

// place says which of them a package is.
func place(p findings.Package) int {
	return slices.IndexFunc(spellings, func(list []findings.Package) bool { return slices.Contains(list, p) })
}

func anyFinding(t *rapid.T) findings.Finding {
	names := []string{"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003", "GHSA-a", "GHSA-b", "DSA-1", "DSA-2"}
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 3, rapid.ID[string]).Draw(t, "names")
	vectors := []string{"", "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/none"}
	f := findings.Finding{ID: ids[0], Aliases: ids[1:], Severity: rapid.SampledFrom(words).Draw(t, "severity")}
	f.Package = rapid.SampledFrom(slices.Concat(spellings...)).Draw(t, "package")
	for range rapid.IntRange(0, 2).Draw(t, "scores") {
		s := findings.Score{By: rapid.SampledFrom([]string{"nvd", "ghsa"}).Draw(t, "by"), Vector: rapid.SampledFrom(vectors).Draw(t, "vector")}
		if rapid.Bool().Draw(t, "stated") {
			score := float64(rapid.IntRange(0, 100).Draw(t, "score")) / 10
			s.Stated = &score
		}
		f.Scores = append(f.Scores, s)
	}
	f.Fixed = rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3"}), 0, 2).Draw(t, "fixed")
	return f
}

func anyReports(t *rapid.T, least, most int) map[string]*findings.Report {
	reports := map[string]*findings.Report{}
	for i := range rapid.IntRange(least, most).Draw(t, "reports") {
		reports[strconv.Itoa(i)] = &findings.Report{Findings: rapid.SliceOfN(rapid.Custom(anyFinding), 0, 5).Draw(t, "findings")}
	}
	return reports
}

// TestOrderOfNoMeaning gives the reports the names in another order, and their findings another order.
func TestOrderOfNoMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := anyReports(t, 1, 4)
		turned, names := map[string]*findings.Report{}, map[string]string{}
		for name, r := range reports {
			other := strconv.Itoa(len(reports) - 1 - mustInt(t, name))
			turned[other], names[other] = &findings.Report{Findings: rapid.Permutation(r.Findings).Draw(t, "order")}, name
		}
		again := findings.Merge(turned)
		for _, m := range again {
			for i := range m.Reports {
				m.Reports[i] = names[m.Reports[i]]
			}
			slices.Sort(m.Reports)
		}
		if merged := findings.Merge(reports); !reflect.DeepEqual(merged, again) {
			t.Fatalf("%+v\nand in another order\n%+v", merged, again)
		}
	})
}

func mustInt(t *rapid.T, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMoreIsWorse adds a report: each vulnerability is there still, by a name that it had, and is as bad at least.
func TestMoreIsWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := anyReports(t, 2, 4)
		less := maps.Clone(reports)
		delete(less, "0")
		after := findings.Merge(reports)
		for _, before := range findings.Merge(less) {
			if !slices.ContainsFunc(after, func(m findings.Merged) bool { return keeps(before, m) }) {
				t.Fatalf("%+v\nis lost or better in\n%+v", before, after)
			}
		}
	})
}

func keeps(before, after findings.Merged) bool {
	same := place(before.Package) == place(after.Package) && slices.Contains(append(after.Aliases, after.ID), before.ID)
	worse := after.Rating.Worst >= before.Rating.Worst && (after.Rating.Known || !before.Rating.Known) && rank(after) <= rank(before)
	return same && worse && has(after.Reports, before.Reports) && has(after.Fixed, before.Fixed) && has(after.Rating.Differs, before.Rating.Differs)
}

// rank is a severity's place in the list, the worst first; unknown is worse than none.
func rank(m findings.Merged) int {
	return slices.Index([]string{"critical", "high", "medium", "low", "unknown", "none"}, m.Rating.Severity)
}

func has(list, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(list, p) })
}

// TestOnce has each name of a package once, no two CVEs in one, and each finding in what is merged.
func TestOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := anyReports(t, 1, 4)
		merged := findings.Merge(reports)
		seen := map[string]bool{}
		for _, m := range merged {
			key := strconv.Itoa(place(m.Package)) + m.ID
			if seen[key] || place(m.Package) < 0 || slices.ContainsFunc(m.Aliases, func(a string) bool { return isCVE(a) || a == m.ID }) {
				t.Fatalf("%+v in\n%+v", m, merged)
			}
			seen[key] = true
		}
		apart(t, merged)
		for name, r := range reports {
			for _, f := range r.Findings {
				there(t, merged, name, f)
			}
		}
	})
}

// apart has no entry without a CVE of which another of the package has the name.
func apart(t *rapid.T, merged []findings.Merged) {
	for i, bare := range merged {
		for j, m := range merged {
			if i != j && !isCVE(bare.ID) && place(bare.Package) == place(m.Package) && slices.Contains(append(m.Aliases, m.ID), bare.ID) {
				t.Fatalf("%s is %s:\n%+v", bare.ID, m.ID, merged)
			}
		}
	}
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }

// there holds what is merged to a finding of a report: it is there under each of its CVEs, or under its ID where it has none.
func there(t *rapid.T, merged []findings.Merged, report string, f findings.Finding) {
	names := slices.DeleteFunc(append([]string{f.ID}, f.Aliases...), func(id string) bool { return !isCVE(id) })
	if len(names) == 0 {
		names = []string{f.ID}
	}
	for _, name := range names {
		is := func(m findings.Merged) bool {
			return place(m.Package) == place(f.Package) && slices.Contains(append(m.Aliases, m.ID), name) && slices.Contains(m.Reports, report)
		}
		if !slices.ContainsFunc(merged, is) {
			t.Fatalf("%s of %+v is not in\n%+v", name, f, merged)
		}
	}
}
