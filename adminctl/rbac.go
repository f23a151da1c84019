package main

import "github.com/spf13/cobra"

func newRBACCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "The access policy: show it, have it read again",
	}
	cmd.AddCommand(newRBACMatrixCmd(), newRBACReloadCmd())
	return cmd
}
