package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyReplayOptions struct {
	socket string
	output output
}

func newPolicyReplayCmd() *cobra.Command {
	var opts policyReplayOptions
	cmd := &cobra.Command{
		Use:   "replay DECISION",
		Short: "Decide once more on what a signed decision was decided on",
		Long: `Have the policy that made a signed decision decide once more, on the input that was kept of it.
DECISION is what "policy evaluate --sign" says that it is signed as, or its first 6 digits and
more. The same input and policy give the same decision; where they don't, that is the answer.`,
		Example: "  stella policy replay 4c1f0e9a2b7d",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runPolicyReplay(cmd, opts, args[0]) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runPolicyReplay(cmd *cobra.Command, opts policyReplayOptions, name string) error {
	digits, err := parseDocument(name)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	resp, err := stellav1.NewPolicyServiceClient(daemonAt(opts.socket)).ReplayDecision(cmd.Context(), &stellav1.ReplayDecisionRequest{Sha256: digits})
	if err != nil {
		return err
	}
	now := decisionAnswerOf(resp.GetNow())
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		err = writeJSON(out, struct {
			Same bool           `json:"same"`
			Then decisionAnswer `json:"then"`
			Now  decisionAnswer `json:"now"`
		}{resp.GetSame(), decisionAnswerOf(resp.GetThen()), now})
	} else {
		err = printDecision(out, now)
	}
	if err != nil {
		return err
	}
	if !resp.GetSame() {
		return cli.Refused(fmt.Errorf("%s: NOT THE SAME: it was signed as %q", name, resp.GetThen().GetLine()))
	}
	if opts.output != outputJSON {
		fmt.Fprintln(out, "\nSAME - the input and the policy that were kept give the decision that was signed")
	}
	return nil
}
