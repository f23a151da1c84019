package main

import "github.com/spf13/cobra"

func newKeyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make and retire the appliance's keys",
	}
	cmd.AddCommand(newKeyDestroyCmd(), newKeyGenerateCmd(), newKeyListCmd(), newKeyMarkCompromisedCmd(), newKeyRotateCmd(), newKeyShowCmd())
	return cmd
}
