package main

import "github.com/spf13/cobra"

func newEvidenceCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evidence",
		Short: "Keep evidence, find it, and take it away",
	}
	cmd.AddCommand(newEvidenceAddCmd(), newEvidenceExportCmd(), newEvidenceImportCmd(), newEvidenceListCmd(), newEvidenceShowCmd())
	return cmd
}
