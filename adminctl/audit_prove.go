package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"stellad/audit"
	"stellad/internal/cli"
	"stellad/tlog"
)

type auditProveOptions struct {
	export string
	seq    string
	out    string
	key    string
}

func newAuditProveCmd() *cobra.Command {
	var opts auditProveOptions
	cmd := &cobra.Command{
		Use:   "prove --export DIR|FILE.tar.gz --seq N",
		Short: "Make the proof that one record stands in an audit log",
		Long: `Make a proof (C2SP tlog-proof) that one record stands in the log that an export is of. It
holds the record, and can be shown to somebody who is to see no other. "audit check-proof"
checks it.

Of the export only what the proof is made of is looked at; "audit verify" looks at all.`,
		Example: `  stella audit prove --export audit-2026-03 --seq 17 --out record-17.tlog-proof
  stella audit check-proof --proof record-17.tlog-proof --key audit.vkey`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuditProve(cmd, opts) },
	}
	addExportFlag(cmd, &opts.export)
	flags := cmd.Flags()
	flags.StringVar(&opts.seq, "seq", "", "the record's `number`")
	flags.StringVar(&opts.out, "out", "", "write the proof to this `file`; default, to standard output")
	addAuditKeyFlag(cmd, &opts.key)
	_ = cmd.MarkFlagRequired("seq")
	return cmd
}

func runAuditProve(cmd *cobra.Command, opts auditProveOptions) error {
	seq, err := strconv.ParseUint(opts.seq, 10, 64)
	if err != nil {
		return cli.BadInput(fmt.Errorf("--seq %s: %w", opts.seq, errNoSeq))
	}
	key, err := auditKey(opts.key, opts.export)
	if err != nil {
		return err
	}
	if opts.out != "" && (liesBelow(opts.out, opts.export) || sameFile(opts.out, opts.export)) {
		return cli.BadInput(fmt.Errorf("--out %s: it would change the export; write it elsewhere", opts.out))
	}
	export, closeExport, err := openExport(cmd.Context(), opts.export)
	if err != nil {
		return err
	}
	defer closeExport()
	proof, err := audit.ProveFrom(export, key, seq)
	if cmd.Context().Err() != nil {
		return cmd.Context().Err()
	}
	if errors.Is(err, audit.ErrTampered) {
		return cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %s", opts.export, reasonOf(err)))
	}
	if err != nil {
		return notTampered(opts.export, err)
	}
	return opts.write(cmd.OutOrStdout(), proof)
}

// write prints the proof as it is: its bytes are signed, and what would steer a terminal would be escaped into another
// proof. A note has no control characters.
func (o auditProveOptions) write(stdout io.Writer, proof *tlog.Proof) error {
	text := proof.Marshal()
	if o.out == "" {
		_, err := stdout.Write(text)
		return err
	}
	err := writeWhole(o.out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("--out %s: %w", o.out, err)
	}
	_, err = fmt.Fprintf(stdout, "wrote the proof of record %d to %s\n", proof.Index, cli.Visible(o.out))
	return err
}
