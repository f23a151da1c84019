package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// writeJSON writes the report as it is, for programs. People look at it too, on
// terminals: a rune that shows nothing, or that turns the text around it, is
// written as JSON's escape for it, which means the same.
func writeJSON(w *bufio.Writer, r any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return err
	}
	_, err := w.WriteString(escaped(text.String()))
	return err
}

// escaped escapes the runes of a JSON text that nobody would see.
func escaped(text string) string {
	var b strings.Builder
	for rest := text; ; {
		at := strings.IndexFunc(rest, toEscape)
		if at < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:at])
		r, size := utf8.DecodeRuneInString(rest[at:])
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		rest = rest[at+size:]
	}
}

// toEscape leaves to encoding/json what is below 0x20: outside of strings, that
// is the line feeds between them.
func toEscape(r rune) bool { return r > '~' && hidden(r) }
