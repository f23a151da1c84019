package main

import "github.com/spf13/cobra"

func newPolicyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Decide on artifacts, and keep the policies that decide",
	}
	cmd.AddCommand(newPolicyActivateCmd(), newPolicyDiffCmd(), newPolicyEvaluateCmd(), newPolicyExportCmd(), newPolicyListCmd(),
		newPolicyLoadCmd(), newPolicyReplayCmd(), newPolicyRollbackCmd(), newPolicyTestCmd())
	return cmd
}
