package vex

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"stellad/internal/vectors"
)

type vectorRow struct {
	File, Kind, Version, Expect, Class, Why string
	Ambiguous                               bool
	Statements                              *int
}

var vectorFormats = map[string]string{"openvex": OpenVEX, "csaf": CSAF, "cyclonedx-vex": CycloneDX}

// TestVEXVectors holds Parse to the published documents.
func TestVEXVectors(t *testing.T) {
	dir := vectors.Dir(t, "vex")
	var rows []vectorRow
	vectors.Manifest(t, dir, &rows)
	if len(rows) == 0 {
		t.Fatal("the manifest is empty")
	}
	for _, row := range rows {
		t.Run(filepath.Base(row.File), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, row.File))
			if err != nil {
				t.Fatal(err)
			}
			list, err := Parse(vectorFormats[row.Kind], text)
			if row.Ambiguous {
				t.Logf("not scored, the sources disagree: %s; here: %v", row.Why, err)
				return
			}
			judge(t, row, list, err)
		})
	}
}

func judge(t *testing.T, row vectorRow, list []Statement, err error) {
	t.Helper()
	switch {
	case row.Expect == "accept" && err != nil:
		t.Errorf("refused, and is valid (%s): %v", row.Why, err)
	case row.Expect == "accept" && row.Statements != nil && len(list) != *row.Statements:
		t.Errorf("%d statements, not %d", len(list), *row.Statements)
	case row.Expect == "refuse" && err == nil:
		t.Errorf("accepted, and is none: %s", row.Why)
	case row.Expect == "refuse" && !errors.Is(err, ErrVEX):
		t.Errorf("refused without ErrVEX: %v", err)
	}
	if err != nil {
		t.Logf("%v", err)
	}
}
