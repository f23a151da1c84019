// Package report writes verdicts down as an auditor files them: the answer, the
// SHA-256 match, the signature chain link by link, and what was not shown.
//
// A report is made of the verdicts alone, and the same ones make the same bytes.
// A refused document's report never says of anything that it is proven.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"stellad/attest"
)

// Report is what was judged, by which program and when.
type Report struct {
	Program string `json:"program"` // with its release

	// Time is when it was verified, by that computer's clock; no verdict
	// depends on it.
	Time time.Time `json:"time,omitzero"`

	Entries []Entry `json:"results"`
}

// Entry is one document, or one file that has none.
type Entry struct {
	File    string          `json:"file"` // as the user named it
	Problem string          `json:"problem,omitempty"`
	Verdict *attest.Verdict `json:"verdict,omitempty"`
}

// Form is a report's form.
type Form string

// The forms, by the suffix of the file.
const (
	JSON     Form = ".json"
	HTML     Form = ".html"
	Markdown Form = ".md"
)

// FormOf tells a report's form by the suffix of its file's name.
func FormOf(name string) (Form, error) {
	switch form := Form(filepath.Ext(name)); form {
	case JSON, HTML, Markdown:
		return form, nil
	}
	return "", fmt.Errorf("a report's name ends in %s, %s or %s", HTML, Markdown, JSON)
}

// Write writes the report in a form. JSON is the Report itself; its shape is
// kept from release to release.
func Write(w io.Writer, form Form, r Report) error {
	switch form {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	case HTML:
		return htmlPage().Execute(w, pageOf(r))
	case Markdown:
		return writeMarkdown(w, pageOf(r))
	}
	return fmt.Errorf("no form %q", form)
}

// Counts counts the entries by what became of them.
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
