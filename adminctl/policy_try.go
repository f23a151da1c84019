package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyTestOptions struct {
	socket string
	output output
}

func newPolicyTestCmd() *cobra.Command {
	var opts policyTestOptions
	cmd := &cobra.Command{
		Use:   "test FILE|DIR",
		Short: "Run a policy's own tests",
		Long: `Run the tests in Rego (rules that begin with test_) that a policy bundle has, or a folder with its
*_test.rego, where they would decide: in a worker, with its functions and limits. Nothing of it
is kept, and it need not be signed. A test that fails, or no test at all, is exit 3.`,
		Example: "  stella policy test ./policy",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runPolicyTest(cmd, opts, args[0]) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

// triedAnswer is the JSON of a test.
type triedAnswer struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitempty"`
}

func runPolicyTest(cmd *cobra.Command, opts policyTestOptions, name string) error {
	text, err := readBundle(name, true)
	if err != nil {
		return cli.BadInput(err)
	}
	resp, err := opts.try(cmd.Context(), text)
	if err != nil {
		return err
	}
	all, failed := []triedAnswer{}, 0
	for _, t := range resp.GetTests() {
		all = append(all, triedAnswer{t.GetName(), t.GetPassed(), t.GetReason()})
		if !t.GetPassed() {
			failed++
		}
	}
	if err := showTried(cmd, opts.output, all); err != nil {
		return err
	}
	switch {
	case len(all) == 0:
		return cli.Refused(fmt.Errorf("%s: it has no test", name))
	case failed > 0:
		return cli.Refused(fmt.Errorf("%s: %d of %d tests failed", name, failed, len(all)))
	}
	return nil
}

func (o policyTestOptions) try(ctx context.Context, text []byte) (*stellav1.TestPolicyResponse, error) {
	stream, err := stellav1.NewPolicyServiceClient(daemonAt(o.socket)).TestPolicy(ctx)
	if err != nil {
		return nil, err
	}
	err = sendPieces(bytes.NewReader(text), func(piece []byte) error { return stream.Send(&stellav1.TestPolicyRequest{Content: piece}) })
	if err != nil && !errors.Is(err, io.EOF) { // at an end the answer says why
		return nil, err
	}
	return stream.CloseAndRecv()
}

func showTried(cmd *cobra.Command, form output, all []triedAnswer) error {
	if form == outputJSON {
		return writeJSON(cmd.OutOrStdout(), struct {
			Tests []triedAnswer `json:"tests"`
		}{all})
	}
	for _, t := range all {
		mark := "passed"
		if !t.Passed {
			mark = "FAILED"
		}
		line := mark + "  " + t.Name
		if t.Reason != "" {
			line += ": " + t.Reason
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), cli.Visible(line)); err != nil {
			return err
		}
	}
	return nil
}
