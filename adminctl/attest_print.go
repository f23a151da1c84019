package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/internal/cli"
)

// printVerdicts prints one document's verdict whole, and of several a line each.
func printVerdicts(w io.Writer, entries []report.Entry) error {
	if len(entries) == 1 {
		return printVerdict(w, entries[0])
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintln(t, strings.Join(lineOf(e), "\t"))
	}
	return t.Flush()
}

func lineOf(e report.Entry) []string {
	switch {
	case e.Verdict == nil:
		return []string{"NO VERDICT", cli.Visible(e.File), cli.Visible(e.Problem)}
	case e.Verdict.Verified:
		return []string{"VERIFIED", cli.Visible(nameOf(e)), cli.Visible(signerOf(e.Verdict.Established))}
	}
	return []string{"NOT VERIFIED", cli.Visible(nameOf(e)), cli.Visible(e.Verdict.Reason)}
}

func nameOf(e report.Entry) string {
	if e.Verdict.Document.Line > 0 {
		return fmt.Sprintf("%s:%d", e.File, e.Verdict.Document.Line)
	}
	return e.File
}

func printVerdict(w io.Writer, e report.Entry) error {
	v := e.Verdict
	if v == nil {
		return nil // there is no result; stderr says why
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text)) }
	if !v.Verified {
		fmt.Fprintf(t, "NOT VERIFIED - %s\n", cli.Visible(e.File))
		row("reason", v.Reason)
	} else {
		fmt.Fprintf(t, "VERIFIED - %s\n", cli.Visible(e.File))
		printEstablished(row, v.Established)
	}
	fmt.Fprintln(t, "Chain")
	for _, l := range v.Links {
		row(l.Name, strings.TrimSuffix(string(l.State)+": "+l.Detail, ": "))
	}
	printList(row, t, "Not established", v.NotEstablished)
	printList(row, t, "Not authenticated", v.NotAuthenticated)
	if e.Answer != nil {
		fmt.Fprintln(t, "Judged")
		row("-", e.Answer.String())
	}
	fmt.Fprintln(t, "Trust root")
	if v.Trust.SHA256 == "" {
		row("none", "the keys were named on the command line")
	} else {
		row("sha256", v.Trust.SHA256)
	}
	return t.Flush()
}

// printEstablished prints what holds, and is called for what was verified alone.
func printEstablished(row func(name, text string), e attest.Established) {
	if e.Artifact != nil {
		a := e.Artifact
		row("artifact", fmt.Sprintf("%s match: %s, %s", strings.Replace(strings.ToUpper(a.Algorithm), "SHA", "SHA-", 1), strings.TrimSpace(a.Kind+" "+a.Name), a.Digest))
	}
	row("signer", signerOf(e))
	if e.PredicateType != "" {
		row("predicate type", e.PredicateType)
	}
	for i, s := range e.Subjects {
		if i == 8 {
			row("subject", fmt.Sprintf("and %d more", len(e.Subjects)-i))
			break
		}
		row("subject", s.String())
	}
	for _, l := range e.Logs {
		row("log", fmt.Sprintf("%s index %d", l.Log, l.Index))
	}
	for _, at := range e.Times {
		row("time", fmt.Sprintf("%s by %s", at.Time.Format(time.RFC3339), at.By))
	}
}

func printList(row func(name, text string), w io.Writer, title string, items []string) {
	if len(items) > 0 {
		fmt.Fprintln(w, title)
	}
	for _, item := range items {
		row("-", item)
	}
}

func signerOf(e attest.Established) string {
	if e.Signer == nil {
		return ""
	}
	if e.Signer.Identity != "" {
		return fmt.Sprintf("%s, vouched for by %s", e.Signer.Identity, e.Signer.Issuer)
	}
	names := make([]string, len(e.Signer.Keys))
	for i, k := range e.Signer.Keys {
		names[i] = fmt.Sprintf("key %s (SHA-256 %s)", k.Name, k.SHA256)
	}
	return strings.Join(names, ", ")
}
