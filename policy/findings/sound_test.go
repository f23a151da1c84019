package findings_test

import (
	"math"
	"regexp"
	"slices"
	"testing"

	"stellad/policy/findings"
)

var (
	words   = []string{"critical", "high", "medium", "low", "none", "unknown"}
	moments = regexp.MustCompile(`\A(|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\z`)
	digests = regexp.MustCompile(`\Asha256:[0-9a-f]{64}\z`)
)

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
		if f.ID == "" || slices.Contains(f.Aliases, f.ID) || !slices.IsSorted(f.Aliases) || !slices.Contains(words, f.Severity) {
			t.Errorf("finding: %+v", f)
		}
	}
	merged := findings.Merge(map[string]*findings.Report{"a": r})
	if len(r.Findings) > 0 && len(merged) == 0 {
		t.Error("findings that were merged away")
	}
	for _, m := range merged {
		soundMerged(t, m)
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
