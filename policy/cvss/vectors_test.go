package cvss_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"stellad/internal/vectors"
	"stellad/policy/cvss"
)

// A row of the published scores, and of the own ones in testdata.
type row struct{ version, vector, base, temporal, environmental, score, expect string }

func rows(t *testing.T, path string) []row {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []row
	for _, l := range lines[1:] {
		if l[7] == "" {
			list = append(list, row{l[0], l[1], l[2], l[3], l[4], l[5], l[6]})
		}
	}
	return list
}

func TestScoreVectors(t *testing.T) {
	dir := vectors.Dir(t, "cvss")
	var files []struct{ File string }
	vectors.Manifest(t, dir, &files)
	seen := map[string]bool{}
	for _, f := range files {
		if !seen[f.File] {
			seen[f.File] = true
			check(t, rows(t, filepath.Join(dir, f.File)))
		}
	}
}

func TestScoreOwn(t *testing.T) { check(t, rows(t, "testdata/scores.csv")) }

func check(t *testing.T, list []row) {
	t.Helper()
	if len(list) == 0 {
		t.Fatal("no rows")
	}
	for _, r := range list {
		got, err := cvss.Score(r.vector)
		if r.expect == "refuse" {
			if err == nil || got != (cvss.Result{}) {
				t.Errorf("%s: refused it should be, is %v", r.vector, got)
			}
			continue
		}
		if err != nil || got.Version != r.version {
			t.Errorf("%s: %v %v", r.vector, got, err)
			continue
		}
		if got.Score != got.Temporal && got.Score != got.Environmental {
			t.Errorf("%s: a score of no equation: %v", r.vector, got)
		}
		same(t, r.vector+" score", r.score, got.Score)
		same(t, r.vector+" base", r.base, got.Base)
		same(t, r.vector+" temporal", r.temporal, got.Temporal)
		same(t, r.vector+" environmental", r.environmental, got.Environmental)
	}
}

func same(t *testing.T, what, want string, got float64) {
	t.Helper()
	if s := strconv.FormatFloat(got, 'f', 1, 64); want != "" && s != want || got != mustFloat(t, s) {
		t.Errorf("%s: %v, published is %s", what, got, want)
	}
}

func mustFloat(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
