package report_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/report"
)

// claims are words that say that something is so.
var claims = regexp.MustCompile(`\*\*VERIFIED|is verified|[^d] held|SHA-\d+ match|no later than|Proven by|Who signed|[Ii]s what was signed`)

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// TestRefusal has a real bundle refused at each of its last links: its report
// says of nothing that it is so, and tells under which heading what had held.
func TestRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		entry report.Entry
		had   []string
	}{
		"artifact": {otherArtifact(t), []string{"Times", "Transparency log", "What the statement speaks of"}},
		"signer":   {otherSigner(t), []string{"Times", "Transparency log", "What the statement speaks of", "Artifact"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(write(t, report.Markdown, []report.Entry{c.entry}))
			told, _, _ := strings.Cut(text, "\n---\n")
			if claim := claims.FindString(told); claim != "" {
				t.Errorf("a refusal says %q", claim)
			}
			for _, h := range c.had {
				if !strings.Contains(text, "\n### "+h+" (had held before the refusal)\n") {
					t.Errorf("no heading %q that says what it is worth", h)
				}
			}
		})
	}
}

// TestRefusedAt fails each link of a verdict that has everything, as if what
// later links found had been left in it: only what held before is told.
func TestRefusedAt(t *testing.T) {
	headings := map[string]string{"log entry": "Transparency log", "time": "Times", "statement": "What the statement speaks of", "artifact": "Artifact"}
	for at, failed := range certificateEntry(t).Verdict.Links {
		v := *certificateEntry(t).Verdict
		v.Verified, v.Reason = false, failed.Name+": it is wrong"
		v.Links = slices.Clone(v.Links)
		v.Links[at].State = attest.Failed
		for i := range v.Links[at+1:] {
			v.Links[at+1+i].State = attest.NotReached
		}
		for _, form := range []report.Form{report.Markdown, report.HTML} {
			text := string(write(t, form, []report.Entry{{File: "a.json", Verdict: &v}}))
			for i, link := range v.Links {
				if name := headings[link.Name]; name != "" && strings.Contains(text, name+" (had held") != (i < at) {
					t.Errorf("%s, refused at %s: %s is told: %v", form, failed.Name, name, i >= at)
				}
			}
			if strings.Contains(text, "Certificate SHA-256") {
				t.Errorf("%s, refused at %s: the signer is told", form, failed.Name)
			}
		}
	}
}

// TestSameHeadings: HTML and Markdown tell the same parts in the same order.
func TestSameHeadings(t *testing.T) {
	inHTML := regexp.MustCompile(`<h3>(.*)</h3>`)
	for _, e := range []report.Entry{certificateEntry(t), otherArtifact(t), keyEntry(), messageEntry()} {
		var markdown, html []string
		for _, m := range heading.FindAllStringSubmatch(string(write(t, report.Markdown, []report.Entry{e})), -1)[2:] {
			markdown = append(markdown, m[1])
		}
		for _, m := range inHTML.FindAllStringSubmatch(string(write(t, report.HTML, []report.Entry{e})), -1) {
			html = append(html, m[1])
		}
		if len(html) == 0 || !slices.Equal(markdown, html) {
			t.Errorf("%s: %q in Markdown, %q in HTML", e.File, markdown, html)
		}
	}
}
