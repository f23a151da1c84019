package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyActivateOptions struct {
	socket string
	output output
}

func newPolicyActivateCmd() *cobra.Command {
	var opts policyActivateOptions
	cmd := &cobra.Command{
		Use:   "activate BUNDLE",
		Short: "Have a policy bundle decide from now on",
		Long: `Have a policy bundle that was taken in decide from now on, as the next version. BUNDLE is its
SHA-256, or the first 6 digits of it and more. Its signature is verified once more.`,
		Example: "  stella policy activate 4c1f0e9a2b7d",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runPolicyActivate(cmd, opts, args[0]) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runPolicyActivate(cmd *cobra.Command, opts policyActivateOptions, name string) error {
	digits, err := parseDocument(name)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	resp, err := stellav1.NewPolicyServiceClient(daemonAt(opts.socket)).ActivatePolicy(cmd.Context(), &stellav1.ActivatePolicyRequest{Sha256: digits})
	if err != nil {
		return err
	}
	return showVersion(cmd, opts.output, resp.GetVersion())
}

func showVersion(cmd *cobra.Command, form output, v *stellav1.PolicyVersion) error {
	answer := versionAnswerOf(v)
	if form == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	back := ""
	if answer.To > 0 {
		back = fmt.Sprintf(", the bundle of version %d", answer.To)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "version %d decides now: %s%s\n", answer.Number, cli.Visible(answer.SHA256), back)
	return err
}
