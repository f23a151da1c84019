package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"stellad/internal/version"
)

type versionOptions struct {
	output output
}

func newVersionCmd() *cobra.Command {
	var opts versionOptions
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the release",
		Example: "  stella version\n  stella version -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVersion(cmd, opts)
		},
	}
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runVersion(cmd *cobra.Command, opts versionOptions) error {
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		return writeJSON(out, struct {
			Version string `json:"version"`
		}{version.String})
	}
	_, err := fmt.Fprintln(out, versionLine(cmd.Root().Name()))
	return err
}

// versionLine is what `stella version` and `stella --version` print.
func versionLine(name string) string { return name + " " + version.String }
