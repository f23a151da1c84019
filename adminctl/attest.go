package main

import "github.com/spf13/cobra"

func newAttestCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attest",
		Short: "Check what is attested about artifacts, and attest",
	}
	cmd.AddCommand(newAttestSignCmd(), newAttestVerifyCmd())
	return cmd
}
