package main

import "github.com/spf13/cobra"

func newRekorCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rekor",
		Short: "Check what transparency logs prove",
	}
	cmd.AddCommand(newRekorVerifyCmd())
	return cmd
}
