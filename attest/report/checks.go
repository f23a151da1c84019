package report

import (
	"fmt"
	"io"
	"iter"
	"time"

	"stellad/attest"
)

// State is how a check of an archive ended.
type State string

// The states of a check.
const (
	Passed  State = "pass"
	Wrong   State = "fail"
	NotDone State = "not done" // not reached, or not asked for: its reason says which
)

// Check is one thing that was checked of an archive.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"result"`
	Reason string `json:"reason"` // what was found, what is wrong, or why it was not done
}

// File is one file of an archive that holds many.
type File struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	State  State  `json:"result"`
	Reason string `json:"reason,omitempty"`
}

// Archive is what one run of the verifier found of a signed archive. It is verified
// only where Verified says so: every check that was asked for passed.
type Archive struct {
	Program  string          `json:"program,omitempty"`
	Time     time.Time       `json:"time,omitzero"`  // by this computer's clock; no check depends on it
	What     string          `json:"what"`           // "signed SBOM archive"
	File     string          `json:"file,omitempty"` // as the user named it
	Verified bool            `json:"verified"`
	Reason   string          `json:"reason,omitempty"` // the first that failed
	Checks   []Check         `json:"checks"`
	Files    []File          `json:"files,omitempty"`
	Verdict  *attest.Verdict `json:"verdict,omitempty"` // of the archive's own signature
}

// Pass adds a check that passed.
func (a *Archive) Pass(name, format string, args ...any) {
	a.Checks = append(a.Checks, Check{name, Passed, fmt.Sprintf(format, args...)})
}

// Fail adds a check that failed. The first is the archive's reason.
func (a *Archive) Fail(name string, why error) {
	if a.Reason == "" {
		a.Reason = name + ": " + why.Error()
	}
	a.Checks = append(a.Checks, Check{name, Wrong, why.Error()})
}

// Skip adds a check that was not done.
func (a *Archive) Skip(name, why string) { a.Checks = append(a.Checks, Check{name, NotDone, why}) }

// Failed tells whether a check failed.
func (a *Archive) Failed() bool { return a.Reason != "" }

// WriteArchive writes a report of an archive, as Write does one of documents.
func WriteArchive(w io.Writer, form Form, a *Archive) error { return write(w, form, a, a.page) }

func (a *Archive) answer() answer {
	if a.Verified {
		return verified
	}
	return notVerified
}

func (a *Archive) page() page {
	p := page{
		Heading: a.What + " verification report", Title: fmt.Sprintf("%s: %s", a.answer(), visible(a.File)),
		Answer: a.answer(), About: Report{Program: a.Program, Time: a.Time}.about(), Documents: a.documents(),
	}
	p.Sentence = join(quote(a.File), say(" is verified: every check that was asked for passed."))
	if !a.Verified {
		p.Sentence = join(quote(a.File), say(" is refused: "), tell(a.Reason))
	}
	return p
}

// documents are the archive's own checks, and the verdict on its signature.
func (a *Archive) documents() iter.Seq[*document] {
	return func(yield func(*document) bool) {
		d := &document{Number: 1, Answer: a.answer(), Heading: say("Checks")}
		d.add("Check by check", say("What is not done was not asked for, or a check before it failed."), a.checks())
		if len(a.Files) > 0 {
			d.add("File by file", nil, a.files())
		}
		if !yield(d) || a.Verdict == nil {
			return
		}
		yield(Entry{File: "the archive’s own signature", Verdict: a.Verdict}.document(2, 2))
	}
}

// class is the style sheet's name of a state, that of a link which ended so.
func (s State) class() string {
	return map[State]string{Passed: "held", Wrong: "failed", NotDone: "not-reached"}[s]
}

func (a *Archive) checks() table {
	t := table{Class: "links", Head: head("Check", "Result", "What was found")}
	for _, c := range a.Checks {
		t.add(c.State.class(), say("%s", c.Name), say("%s", c.State), tell(c.Reason))
	}
	return t
}

func (a *Archive) files() table {
	t := table{Class: "links", Head: head("File", "Result", "What was found")}
	for _, f := range a.Files {
		t.add(f.State.class(), quote(f.Name), say("%s", f.State), join(tell(f.Kind), say(" "), tell(f.Reason)))
	}
	return t
}
