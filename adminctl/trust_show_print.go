package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"stellad/attest/trust"
	"stellad/internal/cli"
)

func (a trustAnswer) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := trustPrinter{t}
	p.row("trust root", "sha256:"+a.SHA256)
	p.section("accepted signers", len(a.Signers))
	for _, s := range a.Signers {
		p.row("  "+cmp.Or(s.Name, "-"), s.who(), "for "+cmp.Or(strings.Join(s.PredicateTypes, ", "), "anything"), s.needs(), s.Where)
	}
	p.section("keys", len(a.Keys))
	for _, k := range a.Keys {
		p.row("  "+k.File, k.Kind, span(k.ValidFrom, k.ValidUntil), compromised(k.CompromisedFrom), "sha256:"+k.SHA256)
	}
	p.section("logs and witnesses", len(a.Logs))
	for _, l := range a.Logs {
		p.row("  "+l.Name, l.Kind, map[bool]string{true: "witness", false: "log"}[l.Witness], l.VKey)
	}
	for _, r := range a.Roots {
		p.section("trusted root "+r.File, 1)
		p.row("  digest", "sha256:"+r.SHA256)
		p.logs("log", r.Logs)
		p.authorities("timestamping authority", r.TimestampAuthorities)
		p.authorities("certificate authority", r.CertificateAuthorities)
		p.logs("certificate log", r.CertificateLogs)
	}
	return t.Flush()
}

type trustPrinter struct{ w io.Writer }

// row prints cells, each fit for a terminal: files may be a stranger's.
func (p trustPrinter) row(cells ...string) {
	for i := range cells {
		cells[i] = cli.Visible(cells[i])
	}
	fmt.Fprintln(p.w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

func (p trustPrinter) section(name string, n int) {
	fmt.Fprintln(p.w)
	if n == 0 {
		name += ": none"
	}
	p.row(name)
}

func (p trustPrinter) logs(what string, logs []trust.LogInRoot) {
	for _, l := range logs {
		p.row("  "+what, l.URL, l.Key, span(l.From, l.Until), "ID "+l.ID)
	}
}

func (p trustPrinter) authorities(what string, authorities []trust.AuthorityInRoot) {
	for _, a := range authorities {
		p.row("  "+what, a.URI, a.Subject, span(a.From, a.Until), "sha256:"+a.SHA256)
	}
}

func (s signerAnswer) who() string {
	if len(s.Keys) > 0 {
		return "key " + s.Keys[0]
	}
	return fmt.Sprintf("%s, by %s", cmp.Or(s.Identity, s.IdentityRegexp), cmp.Or(s.Issuer, s.IssuerRegexp))
}

// needs says how much proof is asked, where somebody wrote it.
func (s signerAnswer) needs() string {
	words := []string{}
	if s.Signatures > 1 {
		words = append(words, fmt.Sprintf("signatures: %d", s.Signatures))
	}
	if s.LogEntries != nil {
		words = append(words, fmt.Sprintf("log entries: %d", *s.LogEntries))
	}
	if s.Timestamps != nil {
		words = append(words, fmt.Sprintf("timestamps: %d", *s.Timestamps))
	}
	return cmp.Or(strings.Join(words, ", "), "-")
}

func span(from, until time.Time) string {
	switch {
	case from.IsZero() && until.IsZero():
		return "any time"
	case until.IsZero():
		return "from " + from.Format(time.RFC3339)
	case from.IsZero():
		return "until " + until.Format(time.RFC3339)
	}
	return from.Format(time.RFC3339) + " to " + until.Format(time.RFC3339)
}

func compromised(from time.Time) string {
	if from.IsZero() {
		return "-"
	}
	return "COMPROMISED from " + from.Format(time.RFC3339)
}
