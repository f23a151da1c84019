package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type vexWithdrawOptions struct {
	reason, key string
	socket      string
	output      output
}

func newVEXWithdrawCmd() *cobra.Command {
	var opts vexWithdrawOptions
	cmd := &cobra.Command{
		Use:   "withdraw STATEMENT --reason TEXT",
		Short: "Take a statement on a vulnerability back",
		Long: `Take a statement back by a new one, signed by the appliance: the vulnerability is under
investigation in the same products, and what was said is still to be read. Nothing is deleted.

STATEMENT is what "vex add" and "vex list" call it: the first 6 digits and more of its document's
SHA-256, and /N where the document has several.`,
		Example: `  stella vex withdraw 4c1f0e9a2b7d/0 --reason "the call is reachable by a plugin"`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runVEXWithdraw(cmd, opts, args[0]) },
	}
	cmd.Flags().StringVar(&opts.reason, "reason", "", "why: `text` on one line")
	cmd.Flags().StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256 (default: the only active one for attestations)")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

func runVEXWithdraw(cmd *cobra.Command, opts vexWithdrawOptions, name string) error {
	document, place, placed := strings.Cut(name, "/")
	digits, err := parseDocument(document)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	if placed {
		digits += "/" + place
	}
	resp, err := stellav1.NewVEXServiceClient(daemonAt(opts.socket)).WithdrawVEX(cmd.Context(), &stellav1.WithdrawVEXRequest{
		Id: digits, Reason: opts.reason, Key: bareDigest(opts.key),
	})
	if err != nil {
		return err
	}
	return showVEX(cmd, opts.output, resp.GetStatement())
}
