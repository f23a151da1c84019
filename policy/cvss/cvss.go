// Package cvss scores CVSS vectors of versions 2, 3.0, 3.1 and 4.0 by their published equations.
//
// A score that somebody states is a claim; the vector is what can be recomputed. A vector that breaks its specification's
// grammar has no score: none is made up for what it may have meant. Versions 3 and 4 are go-cvss's. Version 2 is written here,
// since go-cvss refuses vectors whose optional groups are not complete, rounds 8.55 down, and gives scores below 0.
package cvss

import (
	"errors"
	"fmt"
	"strings"

	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// maxVector caps a vector, in bytes: one of 4.0 with every metric has less than 250.
const maxVector = 500

// ErrVector is wrapped by every reason for which a text is no vector.
var ErrVector = errors.New("not a CVSS vector")

// A Result is what a vector gives. Scores are from 0 to 10, of one decimal.
type Result struct {
	Version  string  // "2.0", "3.0", "3.1", "4.0"
	Score    float64 // with all metrics: environmental where one of its metrics is given, else temporal, else base; 4.0 has one score
	Severity string  // of Score: none, low, medium, high, critical; of 2.0 low, medium, high, as the NVD has them

	// What each equation gives. That of 3.1 for the environment has a higher one for some vectors with none of its metrics.
	// 4.0 has no such equations: base is of its base metrics alone, the others are Score.
	Base, Temporal, Environmental float64
}

// Score scores a vector. Those of 3.0 and later begin with "CVSS:" and their version; others are of 2.0, and metrics of 2.0 and
// 4.0 come in their specification's order. Errors wrap ErrVector.
func Score(vector string) (Result, error) {
	if len(vector) > maxVector {
		return Result{}, fmt.Errorf("%w: it has %d bytes, more than %d", ErrVector, len(vector), maxVector)
	}
	if at := strings.IndexFunc(vector, foreign); at >= 0 {
		return Result{}, fmt.Errorf("%w: %.120q: byte %d is of no metric", ErrVector, vector, at+1)
	}
	r, err := score(vector)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %.120q: %w", ErrVector, vector, err)
	}
	r.Severity = severity(r)
	return r, nil
}

func foreign(c rune) bool {
	own := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == ':' || c == '/' || c == '.'
	return !own
}

func score(vector string) (Result, error) {
	version, metrics, prefixed := strings.Cut(vector, "/")
	switch {
	case version == "CVSS:3.0":
		return score30(vector)
	case version == "CVSS:3.1":
		return score31(vector)
	case version == "CVSS:4.0" && prefixed:
		return score40(vector, metrics)
	case strings.HasPrefix(version, "CVSS:"):
		return Result{}, errors.New("CVSS 2.0, 3.0, 3.1 and 4.0 are scored here")
	}
	return score2(vector)
}

func score30(vector string) (Result, error) {
	v, err := gocvss30.ParseVector(vector)
	if err != nil {
		return Result{}, err
	}
	r := Result{Version: "3.0", Base: v.BaseScore(), Temporal: v.TemporalScore(), Environmental: v.EnvironmentalScore()}
	return r.of(environmental(v.Get)), nil
}

func score31(vector string) (Result, error) {
	v, err := gocvss31.ParseVector(vector)
	if err != nil {
		return Result{}, err
	}
	r := Result{Version: "3.1", Base: v.BaseScore(), Temporal: v.TemporalScore(), Environmental: v.EnvironmentalScore()}
	return r.of(environmental(v.Get)), nil
}

// of chooses the score. Without temporal metrics the temporal score is the base score.
func (r Result) of(environment bool) Result {
	if r.Score = r.Temporal; environment {
		r.Score = r.Environmental
	}
	return r
}

// environmental says whether a metric of that group is defined.
func environmental(get func(string) (string, error)) bool {
	for _, metric := range []string{"CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA"} {
		if value, err := get(metric); err == nil && value != "X" {
			return true
		}
	}
	return false
}

// base40 is how many metrics of 4.0 are base ones; they come first.
const base40 = 11

func score40(vector, metrics string) (Result, error) {
	v, err := gocvss40.ParseVector(vector)
	if err != nil {
		return Result{}, err
	}
	alone := strings.Split(metrics, "/")[:base40]
	base, err := gocvss40.ParseVector("CVSS:4.0/" + strings.Join(alone, "/"))
	if err != nil {
		return Result{}, err
	}
	all := v.Score()
	return Result{Version: "4.0", Base: base.Score(), Temporal: all, Environmental: all, Score: all}, nil
}

func severity(r Result) string {
	if r.Version == "2.0" {
		return words(r.Score, "high", "low")
	}
	return words(r.Score, "critical", "none")
}

// words gives a score's band: most is what 9.0 and more is, and least what 0 is.
func words(score float64, most, least string) string {
	switch {
	case score >= 9:
		return most
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return least
}
