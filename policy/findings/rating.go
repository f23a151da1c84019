package findings

import (
	"fmt"
	"math"

	"stellad/policy/cvss"
	"stellad/sbom/fault"
)

// A Rating is how bad a finding is. A score that nobody gives is not 0: Known is false then.
type Rating struct {
	Known    bool               `json:"known"`
	Worst    float64            `json:"worst"`    // of all scores; 0 where none is known
	By       map[string]float64 `json:"by"`       // the worst by who gave it: "nvd", "ghsa", …
	Severity string             `json:"severity"` // the worst of each report's word, or of its scores' where it has none: critical, high, medium, low, none, unknown
	Differs  []string           `json:"differs"`  // scores that are not their vectors', each in a line
}

// none is the rating of nothing.
func none() Rating { return Rating{By: map[string]float64{}, Severity: "none"} }

// rate makes one rating of an entry's scores and its severity's word.
func rate(scores []Score, word string) Rating {
	r := Rating{By: map[string]float64{}, Severity: word}
	for _, s := range scores {
		value, differs := s.value()
		if differs != "" {
			r.Differs = append(r.Differs, differs)
		}
		if value != nil {
			r.take(s.By, *value)
		}
	}
	if r.Severity == unknown && r.Known {
		r.Severity = band(r.Worst)
	}
	return r
}

// join takes over what another rating has that is worse.
func (r *Rating) join(other Rating) {
	for by, value := range other.By {
		r.take(by, value)
	}
	r.Severity = worst([]string{r.Severity, other.Severity})
	r.Differs = append(r.Differs, other.Differs...)
}

func (r *Rating) take(by string, value float64) {
	r.Known = true
	r.Worst = max(r.Worst, value)
	r.By[by] = max(r.By[by], value)
}

// value is what a score counts as, nil where nothing can be known, and what is not as stated. A stated score agrees with its
// vector if it is the vector's base score, which most state, or the one with all metrics.
func (s Score) value() (counts *float64, differs string) {
	if s.Vector == "" {
		return s.Stated, ""
	}
	vector, err := cvss.Score(s.Vector)
	switch {
	case err != nil && s.Stated == nil:
		return nil, fmt.Sprintf("%s: no score stated, and none by its vector, which is malformed: %s", s.By, fault.Quote(s.Vector))
	case err != nil:
		return s.Stated, fmt.Sprintf("%s: %s stated, none by its vector, which is malformed: %s", s.By, one(*s.Stated), fault.Quote(s.Vector))
	case s.Stated == nil:
		return &vector.Score, ""
	}
	if !near(*s.Stated, vector.Score) && !near(*s.Stated, vector.Base) {
		differs = fmt.Sprintf("%s: %s stated, %s by its vector %s", s.By, one(*s.Stated), one(vector.Score), s.Vector)
	}
	counts = new(float64)
	*counts = max(*s.Stated, vector.Score)
	return counts, differs
}

// near says that two scores are one, of one decimal.
func near(a, b float64) bool { return math.Abs(a-b) < 0.05 }

// one writes a score with one decimal, or with all that it has.
func one(score float64) string {
	if near := fmt.Sprintf("%.1f", score); near == fmt.Sprint(score)+".0" || near == fmt.Sprint(score) {
		return near
	}
	return fmt.Sprint(score)
}
