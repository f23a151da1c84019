package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const reasons = `
# a comment
stellad/attest\.TestVectors   the vectors stand beside a checkout
stellad/tlog\.TestCorpus/.*	the same
`

func event(action, test string) string {
	return `{"Action":"` + action + `","Package":"stellad/attest","Test":"` + test + `"}` + "\n"
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name    string
		reasons string
		events  string
		err     string // a part of it; none where the run is good
	}{
		{"all ran", reasons, event("run", "TestA") + event("pass", "TestA"), ""},
		{"listed skip", reasons, event("pass", "TestA") + event("skip", "TestVectors"), ""},
		{"package without tests", reasons, event("pass", "TestA") + `{"Action":"skip","Package":"stellad/api"}`, ""},
		{"unlisted skip", reasons, event("pass", "TestA") + event("skip", "TestB"), "stellad/attest.TestB"},
		{"listed in another package only", reasons, event("pass", "TestA") + event("skip", "TestCorpus/x"), "TestCorpus/x"},
		{"listed as a prefix only", reasons, event("pass", "TestA") + event("skip", "TestVectorsToo"), "TestVectorsToo"},
		{"listed as an end only", "TestB  why", event("pass", "TestA") + event("skip", "TestB"), "stellad/attest.TestB"},
		{"listed as a parent only", reasons, event("pass", "TestA") + event("skip", "TestVectors/x"), "TestVectors/x"},
		{"nothing listed", "", event("pass", "TestA") + event("skip", "TestVectors"), "TestVectors"},
		{"nothing ran", reasons, "", "no test ran"},
		{"nothing but packages", reasons, `{"Action":"pass","Package":"stellad/attest"}`, "no test ran"},
		{"nothing but listed skips", reasons, event("skip", "TestVectors"), "no test ran"},
		{"cut off", reasons, event("pass", "TestA") + `{"Action":`, "unexpected EOF"},
		{"no events", reasons, "ok stellad/attest 0.1s", "invalid character"},
		{"row without a reason", "TestA\n", event("pass", "TestA"), "line 1: no reason"},
		{"row without a pattern", "\n( why\n", event("pass", "TestA"), "line 2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			err := run([]string{write(t, c.reasons), write(t, c.events)}, &out)
			if (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %v, want %q\n%s", err, c.err, &out)
			}
		})
	}
}

func TestReasonIsPrinted(t *testing.T) {
	var out strings.Builder
	events := write(t, event("pass", "TestA")+event("skip", "TestVectors"))
	if err := run([]string{write(t, reasons), events}, &out); err != nil {
		t.Fatal(err)
	}
	want := "skipped stellad/attest.TestVectors: the vectors stand beside a checkout\n" +
		"1 tests ran, 1 were skipped, 0 of these with no listed reason\n"
	if out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", &out, want)
	}
}

func TestAbsentFiles(t *testing.T) {
	there := write(t, event("pass", "TestA"))
	for _, args := range [][]string{nil, {there}, {"absent", there}, {there + "/absent", there}, {write(t, ""), "absent"}} {
		if err := run(args, &strings.Builder{}); err == nil {
			t.Errorf("%q passed", args)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
