package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"stellad/audit"
	"stellad/internal/cli"
	"stellad/tlog"
)

type auditCheckProofOptions struct {
	proof  string
	key    string
	output output
}

func newAuditCheckProofCmd() *cobra.Command {
	var opts auditCheckProofOptions
	cmd := &cobra.Command{
		Use:   "check-proof --proof FILE --key KEY",
		Short: "Check the proof of one record of an audit log",
		Long: `Check that the record in a proof, as "audit prove" makes it, stands in the log of the
audit key, and print the record. No daemon is asked and no network.`,
		Example: "  stella audit check-proof --proof record-17.tlog-proof --key audit.vkey",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAuditCheckProof(cmd, opts) },
	}
	cmd.Flags().StringVar(&opts.proof, "proof", "", "the proof, a `file`")
	addAuditKeyFlag(cmd, &opts.key)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("proof")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func runAuditCheckProof(cmd *cobra.Command, opts auditCheckProofOptions) error {
	key, err := auditKey(opts.key, "")
	if err != nil {
		return err
	}
	text, err := readFile(opts.proof, maxProofFile)
	if err != nil {
		return cli.BadInput(err)
	}
	proof, err := tlog.ParseProof(text)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", opts.proof, err))
	}
	rec, err := audit.VerifyProof(proof, key)
	if err != nil {
		return refuseExport(cmd.OutOrStdout(), opts.output, opts.proof, err)
	}
	if opts.output == outputJSON {
		return writeJSONLine(cmd.OutOrStdout(), struct {
			Verified bool            `json:"verified"`
			Record   json.RawMessage `json:"record"`
		}{true, proof.Extra})
	}
	return printProved(cmd.OutOrStdout(), rec, key)
}

func printProved(w io.Writer, rec *audit.Record, key *tlog.VerifierKey) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text))
		}
	}
	fmt.Fprintf(t, "VERIFIED - record %d of the log of %s\n", rec.Seq, cli.Visible(key.Name()))
	row("time", rec.Time.Format(time.RFC3339Nano))
	if rec.Actor != nil {
		row("who", fmt.Sprintf("uid:%d gid:%d", rec.Actor.UID, rec.Actor.GID))
	}
	row("type", fmt.Sprintf("%s.v%d", rec.Type, rec.V))
	row("socket", rec.Socket)
	row("method", rec.Method)
	row("target", rec.Target)
	row("outcome", rec.Outcome)
	row("request", rec.Request)
	row("body", string(rec.Body))
	if rec.Note != "" {
		row("annotation", "not in a proof; its salted SHA-256 is "+rec.Note)
	}
	return t.Flush()
}
