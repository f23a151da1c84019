// Package report writes the report that an auditor files: what was judged, the
// SHA-256 match and the signature chain, link by link, as JSON, as one HTML page
// that needs nothing beside it, or as Markdown.
//
// Every text in a verdict is taken for a stranger's. What it holds is shown as
// text, in any form: it can't add markup, break a table, or look like a line of
// the report's own. JSON holds each verdict whole; the other two cut very long
// texts short, and say so.
//
// A refusal is written so that nothing in it reads as if it were proven. What a
// report says depends on its Report alone: no clock, no environment.
package report

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"stellad/attest"
)

// Report is what one run of the verifier found.
type Report struct {
	Program string    `json:"program"`       // "stella 0.1.0"
	Time    time.Time `json:"time,omitzero"` // by this computer's clock; no verdict depends on it
	Entries []Entry   `json:"results"`
}

// Entry is a document's verdict, or why a file has none.
type Entry struct {
	File    string          `json:"file"`              // as the user named it
	Problem string          `json:"problem,omitempty"` // unreadable, or no attestation
	Verdict *attest.Verdict `json:"verdict,omitempty"`
	Answer  *Answer         `json:"answer,omitempty"` // where the verdict comes from, if not from this program
}

// Answer is how a daemon came to a verdict that it was asked for.
type Answer struct {
	Cached     bool    `json:"cached"` // it had reached it before
	AgeSeconds float64 `json:"ageSeconds"`
}

// String tells it in one line.
func (a Answer) String() string {
	if a.Cached {
		return fmt.Sprintf("by the daemon, %.0f s ago", a.AgeSeconds)
	}
	return "by the daemon, for this question"
}

// Counts counts the entries by how they ended; each is counted once.
func (r Report) Counts() (verified, refused, problems int) {
	for _, e := range r.Entries {
		switch {
		case e.Verdict == nil:
			problems++
		case e.Verdict.Verified:
			verified++
		default:
			refused++
		}
	}
	return verified, refused, problems
}

// Form is a form that a report is written in.
type Form string

// The forms, by the suffix of a file's name.
const (
	JSON     Form = ".json"
	HTML     Form = ".html"
	Markdown Form = ".md"
)

// FormOf tells the form by the suffix of a file's name, in either case.
func FormOf(fileName string) (Form, error) {
	switch form := Form(strings.ToLower(filepath.Ext(fileName))); form {
	case JSON, HTML, Markdown:
		return form, nil
	}
	return "", fmt.Errorf("the name of a report ends in %s, %s or %s", JSON, HTML, Markdown)
}

// Write writes r to w. After an error, what w holds is not a report.
func Write(w io.Writer, form Form, r Report) error {
	if r.Entries == nil {
		r.Entries = []Entry{}
	}
	return write(w, form, r, r.page)
}

// write writes what JSON has whole, and the other forms as a page.
func write(w io.Writer, form Form, whole any, words func() page) error {
	b := bufio.NewWriter(w)
	var err error
	switch form {
	case JSON:
		err = writeJSON(b, whole)
	case HTML:
		err = htmlPage().Execute(b, words())
	case Markdown:
		err = markdownPage().Execute(b, words())
	default:
		err = fmt.Errorf("%q is no form of a report", form)
	}
	if err != nil {
		return err
	}
	return b.Flush()
}
