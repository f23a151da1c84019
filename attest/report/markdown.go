package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// writeMarkdown writes CommonMark with tables. Every text that may be a
// stranger's goes through plain or code, which leave no mark that Markdown or
// HTML would act on.
func writeMarkdown(w io.Writer, p page) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Verification report: %s\n\n%s\n\n", p.Answer, plain(p.Sentence))
	writeRows(&b, table{Rows: programRows(p)})
	if len(p.Documents) > 1 {
		b.WriteString("\n## Documents\n\n| answer | file | reason |\n|---|---|---|\n")
		for _, d := range p.Documents {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", d.Answer, code(d.File), plain(d.Reason))
		}
	}
	for _, d := range p.Documents {
		d.markdown(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func programRows(p page) []row {
	rows := []row{{"verified with", p.Program, false}}
	if p.Time != "" {
		rows = append(rows, row{"on", p.Time + " by that computer's clock", false})
	}
	return rows
}

func (d document) markdown(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## %s: %s\n", d.Answer, code(d.File))
	if d.Reason != "" {
		fmt.Fprintf(b, "\n%s\n", plain(d.Reason))
	}
	if !d.Judgable {
		return
	}
	for _, t := range d.Facts {
		fmt.Fprintf(b, "\n### %s\n\n", t.Title)
		writeRows(b, t)
	}
	b.WriteString("\n### Signature chain\n\n| link | state | detail |\n|---|---|---|\n")
	for _, l := range d.Links {
		fmt.Fprintf(b, "| %s | %s | %s |\n", plain(l.Name), plain(string(l.State)), plain(l.Detail))
	}
	writeList(b, "Not established", d.Missing, plain)
	writeList(b, "Not authenticated: fields that are no part of any proof", d.Loose, code)
	fmt.Fprintf(b, "\n### %s\n\n", d.Judged.Title)
	writeRows(b, d.Judged)
}

func writeRows(b *bytes.Buffer, t table) {
	b.WriteString("| | |\n|---|---|\n")
	for _, r := range t.Rows {
		text := plain(r.Text)
		if r.Code {
			text = code(r.Text)
		}
		fmt.Fprintf(b, "| %s | %s |\n", plain(r.Name), text)
	}
}

func writeList(b *bytes.Buffer, title string, items []string, escape func(string) string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n", title)
	for _, item := range items {
		fmt.Fprintf(b, "- %s\n", escape(item))
	}
}

// plain escapes text that is to be read as words.
func plain(text string) string {
	var b strings.Builder
	for _, r := range printable(text) {
		if strings.ContainsRune("\\`*_{}[]<>#!|&~$^", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	// A bare address would become a link to wherever a stranger wants.
	return strings.NewReplacer("://", "\\://", "www.", "www\\.").Replace(b.String())
}

// code puts text that is compared letter by letter into a code span. A table's
// pipe and a span's backtick are the two that a span does not keep: they are
// shown by their numbers.
func code(text string) string {
	text = strings.NewReplacer("|", `\u007c`, "`", `\u0060`).Replace(printable(text))
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	return "`" + text + "`"
}

// printable shows what has no shape of its own, or changes that of others
// (control characters, bidirectional overrides), by its number.
func printable(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
