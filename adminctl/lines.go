package main

import (
	"fmt"
	"io"
	"strings"

	"stellad/internal/cli"
)

// writeLines prints text that has lines of its own, each fit for a terminal: the newlines alone steer it.
func writeLines(w io.Writer, text []byte) error {
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Fprintln(w, cli.Visible(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}
