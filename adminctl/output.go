package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// An output is the form that results are printed in.
type output string

const (
	outputTable output = "table"
	outputJSON  output = "json"
)

// addOutputFlag gives cmd the flag -o, whose value it keeps in o.
func addOutputFlag(cmd *cobra.Command, o *output) {
	*o = outputTable
	cmd.Flags().VarP(o, "output", "o", "form of the results: table or json")
}

func (o *output) String() string { return string(*o) }

// Type names the value in help texts.
func (o *output) Type() string { return "form" }

// Set takes the value that the user gave.
func (o *output) Set(text string) error {
	switch form := output(text); form {
	case outputTable, outputJSON:
		*o = form
		return nil
	}
	return fmt.Errorf("neither %s nor %s", outputTable, outputJSON)
}

// writeJSON prints value for programs to read; its shape is kept from release to release.
func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}
