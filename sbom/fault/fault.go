// Package fault says where in a document something is wrong, and what.
//
// A document is a stranger's: what is quoted from it is cut to a length and
// escaped, so that an error stays one short line.
package fault

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is what is wrong with a document. It prints as one line.
type Error struct {
	Line int    // from 1; 0 where it is not known
	Path string // a JSON pointer, the elements of XML, or an SPDX tag; may be empty
	What string // what is wrong there
}

func (e *Error) Error() string {
	var parts []string
	if e.Line > 0 {
		parts = append(parts, "line "+strconv.Itoa(e.Line))
	}
	if e.Path != "" {
		parts = append(parts, "at "+plain(e.Path))
	}
	if len(parts) == 0 {
		return plain(e.What)
	}
	return strings.Join(parts, ", ") + ": " + plain(e.What)
}

// At makes an Error of a format as fmt.Sprintf takes it.
func At(line int, path, format string, args ...any) *Error {
	return &Error{Line: line, Path: path, What: fmt.Sprintf(format, args...)}
}

const (
	maxQuote = 60
	maxPlain = 400
)

// Quote gives a text of the document in quotes, of at most some 60 characters.
func Quote(text string) string {
	return strconv.Quote(cut(text, maxQuote))
}

func plain(text string) string {
	quoted := strconv.Quote(cut(text, maxPlain))
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

func cut(text string, at int) string {
	if len(text) <= at {
		return text
	}
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + "…"
}
