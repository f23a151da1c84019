package main

import "github.com/spf13/cobra"

func newTrustCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Who is believed: the trust root",
	}
	cmd.AddCommand(newTrustExportCmd(), newTrustImportCmd(), newTrustShowCmd())
	return cmd
}
