package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// line is a piece of text in a report, put together from the report's own words
// and from texts that may be a stranger's.
type line []span

// span is one piece of a line. Outside of Exact, a stranger's text comes down to
// words that mean nothing in HTML or Markdown: tell and quote see to that.
type span struct {
	Exact bool // a value, to be compared letter by letter
	Text  string
}

// say gives the report's own words, whose operands are numbers and words of this package.
func say(format string, args ...any) line { return line{{false, fmt.Sprintf(format, args...)}} }

// quote gives a value.
func quote(text string) line { return line{{true, visible(text)}} }

// tell gives a sentence that may quote a stranger's file. Whatever in it is not
// a plain word is set apart as a value.
func tell(text string) line {
	var l line
	for i, word := range strings.Split(visible(text), " ") {
		if i > 0 {
			l = l.add(false, " ")
		}
		value := strings.TrimRight(word, ",;:")
		if plainWord().MatchString(value) {
			l = l.add(false, word)
			continue
		}
		l = l.add(true, value).add(false, word[len(value):])
	}
	return l
}

// plainWord matches words that no Markdown takes for anything else: neither a
// mark nor an address or a name that it would make into a link. It is compiled
// when it is first asked for, as the templates are parsed.
var plainWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\(?([A-Za-z0-9']|-[A-Za-z0-9]|[0-9]\.[0-9])+$`)
})

// add appends text to the last span, if that is of its kind, or as a new one.
func (l line) add(isExact bool, text string) line {
	switch n := len(l); {
	case text == "":
	case n > 0 && l[n-1].Exact == isExact:
		l[n-1].Text += text
	case n > 1 && isExact && l[n-1].Text == " ":
		l[n-2].Text += " " + text // values side by side are one
		return l[:n-1]
	default:
		return append(l, span{isExact, text})
	}
	return l
}

func join(parts ...line) line { return slices.Concat(parts...) }

// lines joins several, with the words between them.
func lines(between string, parts []line) line {
	var all line
	for i, p := range parts {
		if i > 0 {
			all = append(all, say("%s", between)...)
		}
		all = append(all, p...)
	}
	return all
}

// maxShown is how many characters of a text HTML and Markdown show.
const maxShown = 1000

// maxMarks is how many combining marks one letter keeps. Living scripts need
// fewer; a hundred of them paint over the lines above.
const maxMarks = 4

// visible gives text on one line in which every character can be seen: others
// stand by their code point, [U+000A], and bytes that are not UTF-8 as [byte FF].
func visible(text string) string {
	if text == "" {
		return "(empty)"
	}
	var b strings.Builder
	last, marks := ' ', maxMarks // nothing stands before that a mark could change
	for shown, rest := 0, text; rest != ""; shown++ {
		if shown == maxShown {
			fmt.Fprintf(&b, "… [cut short: %d bytes in all; the JSON report has them]", len(text))
			break
		}
		r, size := utf8.DecodeRuneInString(rest)
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		writeVisible(&b, rest[:size], r, hidden(r) || marks > maxMarks || r == ' ' && (last == ' ' || size == len(rest)))
		last, rest = r, rest[size:]
	}
	return b.String()
}

func writeVisible(b *strings.Builder, raw string, r rune, unseen bool) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, "[byte %02X]", raw[0])
	case unseen:
		fmt.Fprintf(b, "[U+%04X]", r)
	default:
		b.WriteString(raw)
	}
}

// hidden tells the runes that show nothing, or that change how others are shown.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) || r == '\u2800' || // a braille pattern of no dots
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
