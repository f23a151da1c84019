package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stellad/attest/report"
)

var update = flag.Bool("update", false, "write the golden reports anew")

var forms = []report.Form{report.JSON, report.HTML, report.Markdown}

// TestGolden compares whole reports with those in testdata, which are to be read
// by eye when they change.
func TestGolden(t *testing.T) {
	problem := report.Entry{File: "notes.txt", Problem: "notes.txt: not an attestation: line 1: its JSON is cut short"}
	for name, entries := range map[string][]report.Entry{
		"certificate": {certificateEntry(t)},
		"key":         {keyEntry()},
		"message":     {messageEntry()},
		"signer":      {otherSigner(t)},
		"artifact":    {otherArtifact(t)},
		"several":     {certificateEntry(t), otherArtifact(t), keyEntry(), problem},
		"problem":     {problem},
		"none":        {},
	} {
		for _, form := range forms {
			t.Run(name+string(form), func(t *testing.T) {
				golden(t, name+string(form), write(t, form, entries))
			})
		}
	}
}

func write(t testing.TB, form report.Form, entries []report.Entry) []byte {
	t.Helper()
	r := report.Report{Program: "stella 0.1.0", Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Entries: entries}
	var b bytes.Buffer
	if err := report.Write(&b, form, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
