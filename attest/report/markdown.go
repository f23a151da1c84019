package report

import (
	_ "embed"
	"strings"
	"sync"
	"text/template"
)

//go:embed page.md.tmpl
var markdownText string

// markdownPage is parsed when the first page is written, as htmlPage is.
var markdownPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(markdownText))
})

// Markdown gives the line as Markdown, outside of a table.
func (l line) Markdown() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.markdown())
	}
	return b.String()
}

// Cell gives the line as a cell of a table, where a pipe would end it, in a code
// span too (GitHub Flavored Markdown §4.10).
func (l line) Cell() string { return strings.ReplaceAll(l.Markdown(), "|", `\|`) }

// markdown puts a value into a code span, the one place where Markdown takes
// everything for text: what escapes leave of an address still becomes a link.
func (s span) markdown() string {
	if s.Exact {
		return codeSpan(s.Text)
	}
	return s.Text
}

// codeSpan fences text with one backtick more than any run of them within, and
// keeps those at its ends off the fence (CommonMark §6.1).
func codeSpan(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}
