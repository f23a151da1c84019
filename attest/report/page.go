package report

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"stellad/attest"
)

// page is a report in words: what HTML and Markdown both show, so that neither
// says what the other does not.
type page struct {
	Title     string // for a browser's tab
	Heading   string
	Answer    answer
	Sentence  line
	About     table
	Files     table               // of several entries, one row each
	Documents iter.Seq[*document] // made one by one: a file can hold thousands
}

// answer is how an entry, or all of them, ended.
type answer string

const (
	verified    answer = "VERIFIED"
	notVerified answer = "NOT VERIFIED"
	noVerdict   answer = "NO VERDICT" // there is no document to judge
	incomplete  answer = "INCOMPLETE" // nothing is refused, and not all has a verdict
)

// Class names the answer to a style sheet, which adds nothing to the words.
func (a answer) Class() string { return strings.ReplaceAll(strings.ToLower(string(a)), " ", "-") }

func (r Report) page() page {
	p := page{Heading: "Attestation verification report", About: r.about(), Documents: r.documents()}
	if len(r.Entries) == 1 {
		e := r.Entries[0]
		p.Answer, p.Sentence = e.answer(), e.sentence()
		p.Title = fmt.Sprintf("%s: %s", p.Answer, visible(e.name()))
		return p
	}
	p.Answer, p.Sentence = r.answer()
	p.Title = fmt.Sprintf("%s: %d documents", p.Answer, len(r.Entries))
	p.Files = table{Class: "documents", Head: head("Document", "Answer", "Artifact", "Signed by, or why not verified")}
	for i, e := range r.Entries {
		p.Files.Rows = append(p.Files.Rows, e.row(i+1))
	}
	return p
}

func (r Report) answer() (answer, line) {
	good, refused, problems := r.Counts()
	switch {
	case len(r.Entries) == 0:
		return noVerdict, say("There was nothing to verify.")
	case good == len(r.Entries):
		return verified, say("All %d documents are verified.", good)
	case refused > 0:
		return notVerified, say("Of %d documents: %d verified, %d refused, %d without a verdict.", len(r.Entries), good, refused, problems)
	}
	return incomplete, say("Of %d documents: %d verified, none refused, %d without a verdict.", len(r.Entries), good, problems)
}

func (r Report) about() table {
	t := facts()
	if r.Program != "" {
		t.fact("Checked with", quote(r.Program))
	}
	if !r.Time.IsZero() {
		t.fact("Checked at", join(instant(r.Time), say(" (this computer’s clock; no verdict depends on it)")))
	}
	return t
}

func instant(t time.Time) line { return quote(t.UTC().Format(time.RFC3339)) }

func (r Report) documents() iter.Seq[*document] {
	return func(yield func(*document) bool) {
		for i, e := range r.Entries {
			if e.Verdict == nil && len(r.Entries) == 1 {
				return // the page's sentence says it all
			}
			if !yield(e.document(i+1, len(r.Entries))) {
				return
			}
		}
	}
}

// row is an entry's line in the table of several.
func (e Entry) row(number int) row {
	r := row{Name: quote(e.name()), Class: e.answer().Class(), Leads: number}
	switch answer := say("%s", e.answer()); e.answer() {
	case noVerdict:
		r.Cells = []line{answer, say("–"), e.problem()}
	case notVerified:
		r.Cells = []line{answer, say("–"), tell(e.Verdict.Reason)}
	default:
		found := e.Verdict.Established
		r.Cells = []line{answer, compared(found.Artifact), signedBy(found.Signer)}
	}
	return r
}

func compared(m *attest.Match) line {
	if m == nil {
		return say("none was given")
	}
	return join(hashName(m.Algorithm), say(" match"))
}
