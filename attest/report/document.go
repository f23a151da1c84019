package report

import (
	"slices"

	"stellad/attest"
)

// document is one entry, told whole.
type document struct {
	Number   int
	Answer   answer
	Heading  line
	Sentence line // none where it would be the page's own
	Parts    []part
}

// part is what stands under one heading. It says something, in words at least.
type part struct {
	Heading string
	Note    line
	Tables  []table
	List    []line
}

func (e Entry) document(number, of int) *document {
	d := &document{Number: number, Answer: e.answer(), Heading: quote(e.name())}
	if of > 1 {
		d.Heading, d.Sentence = join(say("%d. ", number), d.Heading), e.sentence()
	}
	switch d.Answer {
	case verified:
		d.judged(e)
		d.proven(e.Verdict)
	case notVerified:
		d.judged(e)
		d.refused(e.Verdict)
	}
	return d
}

func (d *document) add(heading string, note line, tables ...table) {
	d.Parts = append(d.Parts, part{Heading: heading, Note: note, Tables: tables})
}

func (d *document) addList(heading, note string, items []string) {
	p := part{Heading: heading, Note: say("%s", note)}
	for _, text := range items {
		p.List = append(p.List, tell(text))
	}
	d.Parts = append(d.Parts, p)
}

func (d *document) judged(e Entry) {
	t := facts()
	t.fact("File", quote(e.File))
	if line := e.Verdict.Document.Line; line > 0 {
		t.fact("Line", say("%d", line))
	}
	t.fact("Form", tell(e.Verdict.Document.Form))
	t.fact("SHA-256", quote(e.Verdict.Document.SHA256))
	if e.Answer != nil {
		t.fact("Judged", tell(e.Answer.String()))
	}
	d.add("What was judged", nil, t)
}

func (d *document) proven(v *attest.Verdict) {
	d.artifact("Artifact", v.Established)
	d.add("Signature chain, link by link", nil, d.chain(v.Links))
	d.signer("Who signed", v.Established)
	d.times("When, and who proves it", v.Established.Times)
	d.logs("Transparency log", v.Established.Logs)
	d.statement("What the statement is about", v.Established)
	d.trust(v.Trust)
	d.addList("What is NOT established", orNone(v.NotEstablished, "This verdict leaves open:"), v.NotEstablished)
	d.addList("Fields that are NOT authenticated", orNone(v.NotAuthenticated,
		"They are part of no proof: whoever held the file could have changed them."), v.NotAuthenticated)
}

// refused tells, beside the chain, only what links that held had found, and
// each heading says what that is worth. What a link left in the verdict that
// failed or was not reached is passed over, so that nobody takes it for a
// finding; the signer always is, because theirs is the last link.
func (d *document) refused(v *attest.Verdict) {
	const before = " (had held before the refusal)"
	d.add("Signature chain, link by link", say("A chain holds whole or not at all. This one proves nothing, whatever links of it had held."), d.chain(v.Links))
	if held(v, "time") {
		d.times("Times"+before, v.Established.Times)
	}
	if held(v, "log entry") {
		d.logs("Transparency log"+before, v.Established.Logs)
	}
	if held(v, "statement") {
		d.statement("What the statement speaks of"+before, v.Established)
	}
	if held(v, "artifact") {
		d.artifact("Artifact"+before, v.Established)
	}
	d.trust(v.Trust)
	d.addList("What is NOT established", "Nothing is: the document is refused. These would be open in any case:", atLeast(v.NotEstablished))
	d.addList("Fields that are NOT authenticated", "None is: the document is refused. These would be open in any case:", atLeast(v.NotAuthenticated))
}

// held tells whether the link stands in v, and held.
func held(v *attest.Verdict, link string) bool {
	return slices.ContainsFunc(v.Links, func(l attest.Link) bool { return l.Name == link && l.State == attest.Held })
}

func atLeast(items []string) []string {
	if len(items) == 0 {
		return []string{"nothing is listed"}
	}
	return items
}

func orNone(items []string, note string) string {
	if len(items) == 0 {
		return "None is listed."
	}
	return note
}
