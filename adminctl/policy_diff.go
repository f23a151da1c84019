package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	"stellad/internal/cli"
	"stellad/policy/bundle"
)

type policyDiffOptions struct{ socket string }

func newPolicyDiffCmd() *cobra.Command {
	var opts policyDiffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show how two policies differ",
		Long: `Show how the files of two policies differ, as diff -u does. OLD and NEW are each a file or a folder,
or else a policy as "policy export" names it: "now", "built-in", "version:N", a SHA-256 or the
first 6 digits of it and more. Signatures are left out, and so are a folder's tests.`,
		Example: "  stella policy diff now ./policy\n  stella policy diff version:2 version:3",
		Args:    cobra.ExactArgs(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return runPolicyDiff(cmd, opts, args) },
	}
	addSocketFlag(cmd, &opts.socket)
	return cmd
}

func runPolicyDiff(cmd *cobra.Command, opts policyDiffOptions, names []string) error {
	var sides [2]bundle.Files
	for i, name := range names {
		var err error
		if sides[i], err = opts.files(cmd.Context(), name); err != nil {
			return err
		}
	}
	all := maps.Clone(sides[0])
	maps.Copy(all, sides[1])
	for _, file := range all.Names() {
		if err := printDiff(cmd.OutOrStdout(), names, file, sides[0][file], sides[1][file]); err != nil {
			return err
		}
	}
	return nil
}

// files are those of a policy that is on this machine, or that the daemon has.
func (o policyDiffOptions) files(ctx context.Context, name string) (bundle.Files, error) {
	var text []byte
	if _, err := os.Lstat(name); err == nil {
		if text, err = readBundle(name, false); err != nil {
			return nil, cli.BadInput(err)
		}
	} else if text, err = fetchPolicy(ctx, o.socket, name); err != nil {
		return nil, err
	}
	files, err := bundle.Read(text)
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	delete(files, bundle.Signatures)
	return files, nil
}

func printDiff(w io.Writer, names []string, file string, old, now []byte) error {
	if bytes.Equal(old, now) {
		return nil
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: linesOf(old), B: linesOf(now), FromFile: names[0] + " " + file, ToFile: names[1] + " " + file, Context: 3,
	})
	if err != nil {
		return err
	}
	return writeLines(w, []byte(text))
}

// linesOf splits text after each line's end, which the last one has too.
func linesOf(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return slices.Collect(strings.Lines(strings.TrimSuffix(string(text), "\n") + "\n"))
}
