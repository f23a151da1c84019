package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// sameElements parses both pages as a browser does, and wants the same elements
// with the same attributes, but for the values that are set apart in a line.
func sameElements(t testing.TB, text, got, want string) {
	t.Helper()
	if diff := cmp.Diff(elements(t, want), elements(t, got)); diff != "" {
		t.Fatalf("%.40q changed the page's elements (-want +got):\n%s", text, diff)
	}
}

func elements(t testing.TB, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			b.WriteString("comment\n")
		case n.Type == html.ElementNode && n.Data != "code" && n.Data != "bdi":
			b.WriteString(n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key + "=" + a.Val)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// sameMarks wants the same lines in both pages, and in each the same marks of
// Markdown and HTML outside of code spans.
func sameMarks(t testing.TB, text, got, want string) {
	t.Helper()
	if diff := cmp.Diff(marks(t, want), marks(t, got)); diff != "" {
		t.Fatalf("%.40q changed the page's marks (-want +got):\n%s", text, diff)
	}
}

func marks(t testing.TB, page string) []string {
	t.Helper()
	var found []string
	for line := range strings.Lines(page) {
		bare := outsideSpans(t, line)
		kept := strings.Map(func(r rune) rune {
			if strings.ContainsRune("\\`*_{}[]<>#!|&~$^=@/+\"", r) {
				return r
			}
			return -1
		}, bare)
		first, _, _ := strings.Cut(line, " ") // what makes a line a heading, an item, a row or a rule
		if !strings.Contains("# ## ### - | ", first+" ") {
			first = ""
		}
		found = append(found, first+" "+kept)
		if i := strings.Index(bare, "www."); i >= 0 {
			t.Fatalf("an address stands bare: %.80q", bare[i:])
		}
	}
	return found
}

// outsideSpans takes the code spans out of a line as CommonMark finds them, but
// keeps a bare pipe in them: in a table it would end the cell.
func outsideSpans(t testing.TB, line string) string {
	t.Helper()
	table := strings.HasPrefix(line, "|")
	var kept strings.Builder
	for line != "" {
		before, rest, _ := strings.Cut(line, "`")
		kept.WriteString(before)
		if len(before) == len(line) {
			break
		}
		run := 1 + len(rest) - len(strings.TrimLeft(rest, "`"))
		span, after := spanOf(rest[run-1:], run)
		if after < 0 {
			t.Fatalf("a code span has no end: %.80q", line)
		}
		if table && strings.Contains(strings.ReplaceAll(span, `\|`, ""), "|") {
			kept.WriteString("|")
		}
		line = rest[run-1+after:]
	}
	return kept.String()
}

// spanOf finds the next run of exactly so many backticks.
func spanOf(text string, run int) (span string, after int) {
	for at := 0; at < len(text); {
		if text[at] != '`' {
			at++
			continue
		}
		end := at
		for end < len(text) && text[end] == '`' {
			end++
		}
		if end-at == run {
			return text[:at], end
		}
		at = end
	}
	return "", -1
}
