package cli

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible makes text fit to print on one line. It may be a stranger's, from a
// file: control characters, which could steer the terminal or forge a line, are
// printed escaped.
func Visible(text string) string {
	var line strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.WriteRune(r)
		}
	}
	return line.String()
}
