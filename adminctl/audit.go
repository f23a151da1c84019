package main

import "github.com/spf13/cobra"

func newAuditCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read the audit log, take it away, and verify what was taken away",
	}
	cmd.AddCommand(
		newAuditCheckProofCmd(),
		newAuditEraseCmd(),
		newAuditExportCmd(),
		newAuditListCmd(),
		newAuditProveCmd(),
		newAuditVerifyCmd(),
	)
	return cmd
}
