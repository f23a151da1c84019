package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type keyMarkCompromisedOptions struct {
	since, reason string
	socket        string
	output        output
}

func newKeyMarkCompromisedCmd() *cobra.Command {
	var opts keyMarkCompromisedOptions
	cmd := &cobra.Command{
		Use:   "mark-compromised LABEL|SHA256 --since TIME",
		Short: "Say since when a key is not believed",
		Long: `Say since when a key is not believed. What it signed and what is proven to be older
stands; what is younger or has no proven time falls, wherever the appliance's trust is
read anew ("trust export"). The key signs nothing more.

A time is RFC 3339 (2026-03-01T08:00:00Z), a day, which begins at 00:00 UTC, or how long
ago (90m, 2h, 7d). Whole seconds count. The reason stands beside the record in the audit
log, and "audit erase" can erase it; the mark itself is for good.`,
		Example: `  adminctl key mark-compromised signing-2026 --since 2026-11-01 --reason "laptop lost"
  adminctl key mark-compromised signing-2026 --since 2h`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runKeyMarkCompromised(cmd, opts, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.since, "since", "", "the `time` from which on it is not believed")
	flags.StringVar(&opts.reason, "reason", "", "why, in people's words: `text` that can be erased")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("since")
	return cmd
}

func runKeyMarkCompromised(cmd *cobra.Command, opts keyMarkCompromisedOptions, name string) error {
	since, err := moment("--since", opts.since, time.Now())
	if err != nil {
		return err
	}
	since = timestamppb.New(since.AsTime().Truncate(time.Second)) // earlier, if anything: what is doubtful falls
	resp, err := stellav1.NewKeyServiceClient(daemonAt(opts.socket)).MarkKeyCompromised(cmd.Context(), &stellav1.MarkKeyCompromisedRequest{
		Key: bareDigest(name), Since: since, Reason: opts.reason,
	})
	if err != nil {
		return err
	}
	key, err := keyOf(resp.GetKey())
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if opts.output == outputJSON {
		return writeJSON(out, key)
	}
	fmt.Fprintf(out, "%s is compromised from %s on: what is proven to be older stands, all else by it falls\n",
		cli.Visible(key.Label), instant(key.Compromised))
	return nil
}
