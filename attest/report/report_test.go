package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stellad/attest"
	"stellad/attest/report"
)

var problem = report.Entry{File: "x", Problem: "no such file or directory"}

// TestAnswers: a report says VERIFIED at its top only where all are.
func TestAnswers(t *testing.T) {
	good, bad := keyEntry(), keyEntry()
	bad.Verdict.Verified, bad.Verdict.Reason = false, "signature: not by this key"
	for _, c := range []struct {
		name    string
		entries []report.Entry
		answer  string
	}{
		{"one", []report.Entry{good}, "VERIFIED"},
		{"two", []report.Entry{good, good}, "VERIFIED"},
		{"a refusal", []report.Entry{bad}, "NOT VERIFIED"},
		{"a refusal among others", []report.Entry{good, problem, bad}, "NOT VERIFIED"},
		{"a problem", []report.Entry{problem}, "NO VERDICT"},
		{"a problem among others", []report.Entry{good, problem}, "INCOMPLETE"},
		{"no answer at all", []report.Entry{{File: "x"}}, "NO VERDICT"},
		{"nothing", nil, "NO VERDICT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(write(t, report.Markdown, c.entries)); !strings.Contains(got, "\n**"+c.answer+"** – ") {
				t.Errorf("want %s: %.300s", c.answer, got)
			}
			if got := string(write(t, report.HTML, c.entries)); !strings.Contains(got, "<strong>"+c.answer+"</strong>") || !strings.Contains(got, "<title>"+c.answer+": ") {
				t.Errorf("want %s: %s", c.answer, got)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	refused := report.Entry{Verdict: &attest.Verdict{}}
	verified, refusals, problems := report.Report{Entries: []report.Entry{keyEntry(), refused, refused, problem, problem, problem}}.Counts()
	if verified != 1 || refusals != 2 || problems != 3 {
		t.Errorf("%d verified, %d refused, %d problems", verified, refusals, problems)
	}
}

func TestFormOf(t *testing.T) {
	for name, want := range map[string]report.Form{"a.json": report.JSON, "dir.md/A.HTML": report.HTML, "a.html.md": report.Markdown} {
		if got, err := report.FormOf(name); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "a", "a.pdf", "a.html.gz", "html", "a.md/b"} {
		_, err := report.FormOf(name)
		if err == nil {
			t.Fatalf("%q has a form", name)
		}
		for _, suffix := range []string{".json", ".html", ".md"} {
			if !strings.Contains(err.Error(), suffix) {
				t.Errorf("%v does not name %s", err, suffix)
			}
		}
	}
}

// TestJSON: what is written is the report, whatever its texts hold.
func TestJSON(t *testing.T) {
	want := report.Report{Program: "a\u202eb\u009b\u007f\U000e0041<&>", Entries: []report.Entry{keyEntry(), problem}}
	var b bytes.Buffer
	if err := report.Write(&b, report.JSON, want); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"a\u202eb\u009b\u007f\udb40\udc41<&>"`) {
		t.Errorf("a terminal would obey: %.80q", b.String())
	}
	var got report.Report
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("no space left on device")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestNotWritten: a report that did not come out whole is an error.
func TestNotWritten(t *testing.T) {
	for _, form := range forms {
		for _, entries := range [][]report.Entry{{keyEntry()}, {keyEntry(), keyEntry(), keyEntry()}} {
			if err := report.Write(brokenWriter{}, form, report.Report{Entries: entries}); !errors.Is(err, errBroken) {
				t.Errorf("%s: %v", form, err)
			}
		}
	}
	if err := report.Write(&bytes.Buffer{}, "", report.Report{}); err == nil {
		t.Error("a report of no form was written")
	}
}
