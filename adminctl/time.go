package main

import "github.com/spf13/cobra"

func newTimeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "time",
		Short: "Settle what the appliance takes for the time",
	}
	cmd.AddCommand(newTimeAcceptCmd())
	return cmd
}
