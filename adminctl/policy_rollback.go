package main

import (
	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type policyRollbackOptions struct {
	to     uint64
	socket string
	output output
}

func newPolicyRollbackCmd() *cobra.Command {
	var opts policyRollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Have an earlier version's bundle decide again",
		Long: `Have the bundle of an earlier version decide again, as the next version: the number never falls.
Without --to it is the last version that had another bundle than the one that decides now.`,
		Example: "  stella policy rollback\n  stella policy rollback --to 3",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPolicyRollback(cmd, opts) },
	}
	cmd.Flags().Uint64Var(&opts.to, "to", 0, "the `version` whose bundle is to decide")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runPolicyRollback(cmd *cobra.Command, opts policyRollbackOptions) error {
	resp, err := stellav1.NewPolicyServiceClient(daemonAt(opts.socket)).RollbackPolicy(cmd.Context(), &stellav1.RollbackPolicyRequest{Version: opts.to})
	if err != nil {
		return err
	}
	return showVersion(cmd, opts.output, resp.GetVersion())
}
