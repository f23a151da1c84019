package main

import "github.com/spf13/cobra"

func newTimestampCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "timestamp",
		Short: "Prove when a file existed",
	}
	cmd.AddCommand(newTimestampRequestCmd(), newTimestampVerifyCmd())
	return cmd
}
