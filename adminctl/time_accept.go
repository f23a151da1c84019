package main

import (
	"fmt"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type timeAcceptOptions struct {
	socket string
	output output
}

func newTimeAcceptCmd() *cobra.Command {
	var opts timeAcceptOptions
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Accept the clock as it is, though it went back",
		Long: `Accept the clock as it is, though it stands before the last record of the audit log. Such
a daemon is read-only: it can't tell whether the clock is wrong now or was wrong before,
and will not write a log whose times go back unsaid. "status" tells of it.

Set the clock right first. A record then says from when to when it jumped, and who
accepted that.`,
		Example: "  date -u && adminctl time accept",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTimeAccept(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runTimeAccept(cmd *cobra.Command, opts timeAcceptOptions) error {
	client := stellav1.NewAuditServiceClient(daemonAt(opts.socket))
	resp, err := client.AcceptTime(cmd.Context(), &stellav1.AcceptTimeRequest{})
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), seqAnswer{resp.GetSeq()})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "the clock is accepted as it is; record %d says so\n", resp.GetSeq())
	return nil
}
