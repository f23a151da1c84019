package main

import "github.com/spf13/cobra"

func newSBOMCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sbom",
		Short: "Make signed SBOM archives, and verify them",
	}
	cmd.AddCommand(newSBOMArchiveCmd(), newSBOMVerifyCmd())
	return cmd
}
