package report

import (
	"fmt"
	"strings"
	"time"

	"stellad/attest"
)

// page is a report in words, the same for every form that people read. Its
// texts are a stranger's where a bundle's are, and each form escapes them all.
type page struct {
	Answer    string // VERIFIED, or NOT VERIFIED
	Sentence  string
	Program   string
	Time      string
	Documents []document
}

// document is one entry in words.
type document struct {
	File     string
	Answer   string
	Reason   string
	Facts    []table // established, or what had held before the refusal
	Links    []attest.Link
	Missing  []string
	Loose    []string
	Judged   table
	Verified bool
	Compared bool // with an artifact at hand
	Judgable bool // there is a verdict at all
}

// table is a titled list of rows.
type table struct {
	Title string
	Rows  []row
}

// row is a name and a text. Code is set for a text that is compared letter by
// letter: a digest, an identity.
type row struct {
	Name, Text string
	Code       bool
}

func pageOf(r Report) page {
	p := page{Program: r.Program, Answer: "VERIFIED"}
	if !r.Time.IsZero() {
		p.Time = r.Time.UTC().Format(time.RFC3339)
	}
	for _, e := range r.Entries {
		p.Documents = append(p.Documents, documentOf(e))
	}
	verified, refused, problems := r.Counts()
	if refused+problems > 0 || verified == 0 {
		p.Answer = "NOT VERIFIED"
	}
	switch {
	case len(p.Documents) == 1:
		p.Sentence = p.Documents[0].sentence()
	default:
		p.Sentence = fmt.Sprintf("Documents verified: %d. Refused: %d. Without a verdict: %d.", verified, refused, problems)
	}
	return p
}

func (d document) sentence() string {
	switch {
	case !d.Verified:
		return d.Reason
	case d.Compared:
		return "Every link of the chain below held, from the artifact to the trust root."
	}
	return "Every link of the chain below held, from what was signed to the trust root. No artifact was compared with it."
}

func documentOf(e Entry) document {
	d := document{File: e.File, Answer: "NO VERDICT", Reason: e.Problem}
	v := e.Verdict
	if v == nil {
		return d
	}
	d.Judgable, d.Verified, d.Reason = true, v.Verified, v.Reason
	d.Compared = v.Established.Artifact != nil
	d.Answer = "NOT VERIFIED"
	title := "Had held before the refusal"
	if v.Verified {
		d.Answer, title = "VERIFIED", "Established"
	}
	d.Links, d.Missing, d.Loose = v.Links, v.NotEstablished, v.NotAuthenticated
	if facts := factsOf(v.Established); len(facts) > 0 {
		d.Facts = append(d.Facts, table{title, facts})
	}
	d.Judged = table{"What was judged", judgedOf(v)}
	return d
}

func judgedOf(v *attest.Verdict) []row {
	rows := []row{{"form", v.Document.Form, false}}
	if v.Document.Line > 0 {
		rows = append(rows, row{"line", fmt.Sprint(v.Document.Line), false})
	}
	rows = append(rows, row{"SHA-256", v.Document.SHA256, true}, row{"trust root, SHA-256", trustOf(v.Trust), true})
	if v.Trust.Root != "" {
		rows = append(rows, row{"trusted root", v.Trust.Root, true}, row{"trusted root, SHA-256", v.Trust.RootSHA256, true})
	}
	return rows
}

// trustOf names the trust root, where there is one.
func trustOf(t attest.TrustRef) string {
	if t.SHA256 == "" {
		return "none: the keys were named on the command line"
	}
	return t.SHA256
}

// factsOf tells the digest match first: it is what an auditor looks for.
func factsOf(e attest.Established) []row {
	var rows []row
	if m := e.Artifact; m != nil {
		name := strings.Replace(strings.ToUpper(m.Algorithm), "SHA", "SHA-", 1)
		rows = append(rows, row{"artifact", strings.TrimSpace(m.Kind + " " + m.Name), true},
			row{name + " of the artifact", m.Digest, true}, row{name + " that is signed", m.Digest + " (match)", true})
	}
	rows = append(rows, signerRows(e.Signer)...)
	if e.PredicateType != "" {
		rows = append(rows, row{"predicate type", e.PredicateType, true})
	}
	for _, s := range e.Subjects {
		rows = append(rows, row{"subject", s.String(), true})
	}
	for _, t := range e.Times {
		rows = append(rows, row{"time", fmt.Sprintf("%s, proven by %s (%s)", t.Time.UTC().Format(time.RFC3339), t.By, t.Kind), false})
	}
	for _, l := range e.Logs {
		rows = append(rows, row{"log", fmt.Sprintf("%s, index %d", l.Log, l.Index), false})
		if l.Proof {
			rows = append(rows, row{"log, root hash", fmt.Sprintf("%s of %d entries", l.Root, l.Size), true})
		}
	}
	return rows
}

func signerRows(s *attest.SignerRef) []row {
	if s == nil {
		return nil
	}
	var rows []row
	if s.Name != "" {
		rows = append(rows, row{"signer, as signers.toml calls it", s.Name, false})
	}
	if s.Identity != "" {
		rows = append(rows, row{"signer", s.Identity, true}, row{"vouched for by", s.Issuer, true}, row{"certificate, SHA-256", s.Certificate, true})
	}
	for _, k := range s.Keys {
		rows = append(rows, row{"signer's key", k.Name, true}, row{"key, SHA-256", k.SHA256, true})
	}
	return rows
}
