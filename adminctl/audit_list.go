package main

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type auditListOptions struct {
	selection auditSelection
	follow    bool
	socket    string
	output    output
}

func newAuditListCmd() *cobra.Command {
	var opts auditListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Print records of the audit log",
		Long: `Print records of the audit log, oldest first: those that have all that the options say.

A time is RFC 3339 (2026-03-01T08:00:00Z), a day, which begins at 00:00 UTC, or how long
ago (90m, 2h, 7d). Times are printed in UTC. What was said in people's words (a reason)
can be erased; the record then says so and stays.

The JSON is an object a line: "record" is the record's exact line, whose bytes are the
log's, and "annotation" is what was said of it.

What is printed is the daemon's word. What proves it is "audit export".`,
		Example: `  adminctl audit list --since 7d --type denial
  adminctl audit list --method Reload --actor alice
  adminctl audit list --since 2026-03-01 --until 2026-04-01 -o json
  adminctl audit list --since 1h --follow`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuditList(cmd, opts) },
	}
	opts.selection.addFlags(cmd)
	cmd.Flags().BoolVar(&opts.follow, "follow", false, "wait for records to come, until interrupted (exit 130)")
	cmd.MarkFlagsMutuallyExclusive("follow", "until")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runAuditList(cmd *cobra.Command, opts auditListOptions) error {
	req, err := opts.selection.request(time.Now())
	if err != nil {
		return err
	}
	req.Follow = opts.follow
	client := stellav1.NewAuditServiceClient(daemonAt(opts.socket))
	stream, err := client.ListRecords(cmd.Context(), req)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	return errors.Join(opts.print(out, stream), out.Flush())
}

// recordPrinter prints records as they come: a log need not fit into memory.
type recordPrinter interface {
	record(resp *stellav1.ListRecordsResponse) error
	end() error
}

func (o auditListOptions) print(out *bufio.Writer, stream grpc.ServerStreamingClient[stellav1.ListRecordsResponse]) error {
	var printer recordPrinter = newRecordTable(out)
	if o.output == outputJSON {
		printer = recordLines{out}
	}
	for {
		resp, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && o.follow:
			return cli.Exit(cli.StatusUnreachable, errors.New("the daemon follows the log no longer"))
		case errors.Is(err, io.EOF):
			return printer.end()
		case err != nil:
			return err
		}
		if err := printer.record(resp); err != nil {
			return err
		}
		if o.follow { // a reader waits for each
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
