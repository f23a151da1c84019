package findings_test

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"stellad/policy/cvss"
	"stellad/policy/findings"
)

var (
	words   = []string{"critical", "high", "medium", "low", "none", "unknown"}
	moments = regexp.MustCompile(`\A(|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\z`)
	digests = regexp.MustCompile(`\Asha256:[0-9a-f]{64}\z`)
)

// maxLine bounds an error, in bytes: sbom/fault cuts a place and a text to 400 each, before what does not print becomes "\\x92".
const maxLine = 2*4*400 + 200

// refused holds an error to what Parse promises: no report, and one printable line that wraps one of its two.
func refused(t testing.TB, r *findings.Report, err error) {
	t.Helper()
	if is, none := errors.Is(err, findings.ErrReport), errors.Is(err, findings.ErrNotReport); r != nil || is == none {
		t.Errorf("%v, %v", r, err)
	}
	odd := func(c rune) bool { return !unicode.IsPrint(c) }
	if text := err.Error(); strings.ContainsFunc(text, odd) || len(text) > maxLine {
		t.Errorf("not one short line of printable text: %q", text)
	}
}

// sound holds what is true of every report that is read, and of what is merged of it.
func sound(t testing.TB, r *findings.Report) {
	t.Helper()
	if !moments.MatchString(r.Made) || r.Findings == nil || r.Artifacts == nil || r.Format == "" {
		t.Errorf("report: %+v", r)
	}
	for _, a := range r.Artifacts {
		if !digests.MatchString(a) {
			t.Errorf("artifact %q", a)
		}
	}
	for _, f := range r.Findings {
		soundFinding(t, f)
	}
	merged := findings.Merge(map[string]*findings.Report{"a": r})
	if len(r.Findings) > 0 && len(merged) == 0 {
		t.Error("findings that were merged away")
	}
	for _, m := range merged {
		soundMerged(t, m)
	}
}

func soundFinding(t testing.TB, f findings.Finding) {
	t.Helper()
	if strings.TrimSpace(f.ID) == "" || slices.Contains(f.Aliases, f.ID) || !slices.IsSorted(f.Aliases) || !slices.IsSorted(f.Fixed) || !slices.Contains(words, f.Severity) {
		t.Errorf("finding: %+v", f)
	}
	known := false
	for _, s := range f.Scores {
		_, err := cvss.Score(s.Vector)
		known = known || err == nil || s.Stated != nil
		if s.By == "" || s.Stated != nil && !(*s.Stated >= 0 && *s.Stated <= 10) {
			t.Errorf("score: %+v", s)
		}
	}
	alone := &findings.Report{Findings: []findings.Finding{f}}
	for _, m := range findings.Merge(map[string]*findings.Report{"a": alone}) {
		if m.Rating.Known != known {
			t.Errorf("known is %v, and the scores are %+v", m.Rating.Known, f.Scores)
		}
	}
}

func soundMerged(t testing.TB, m findings.Merged) {
	t.Helper()
	lists := [][]string{m.Aliases, m.Fixed, m.Reports, m.Rating.Differs}
	for _, l := range lists {
		if l == nil || !slices.IsSorted(l) {
			t.Errorf("list %v of %+v", l, m)
		}
	}
	worst := 0.0
	for _, score := range m.Rating.By {
		worst = math.Max(worst, score)
	}
	known := len(m.Rating.By) > 0
	if m.ID == "" || len(m.Reports) == 0 || m.Rating.Known != known || m.Rating.Worst != worst || !(worst >= 0 && worst <= 10) || !slices.Contains(words, m.Rating.Severity) {
		t.Errorf("merged: %+v", m)
	}
}
