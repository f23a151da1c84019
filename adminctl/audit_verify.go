package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stellad/audit"
	"stellad/internal/cli"
)

type auditVerifyOptions struct {
	export   string
	key      string
	baseline string
	output   output
}

func newAuditVerifyCmd() *cobra.Command {
	var opts auditVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify --export DIR|FILE.tar.gz",
		Short: "Verify an export of an audit log, with no daemon and no network",
		Long: `Verify everything in an export: the checkpoints' signatures, every record and its place,
the tree over all of them, what was said of them, and that nothing else is there. One
byte that is not as it was exits 3, and names the file and the record.

The key is the audit key as it was written down at genesis. Without --key the export's
own is taken, and all that is proved is that the export agrees with itself: compare the
fingerprint that is printed with the one written down.

That an older checkpoint was left out of an export, with what it speaks for, nobody can
see in it. Keep the file "checkpoint" of one export, and give it as --baseline for the
next: the log then was only appended to, or does not verify.

A .tar.gz is unpacked into a folder below $TMPDIR that is removed afterwards.`,
		Example: `  stella audit verify --export audit-2026-03 --key audit.vkey
  stella audit verify --export audit-2026-04.tar.gz --key audit.vkey --baseline audit-2026-03/checkpoint`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuditVerify(cmd, opts) },
	}
	addExportFlag(cmd, &opts.export)
	addAuditKeyFlag(cmd, &opts.key)
	cmd.Flags().StringVar(&opts.baseline, "baseline", "", "the log must have grown from this checkpoint of another day, a `file`")
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runAuditVerify(cmd *cobra.Command, opts auditVerifyOptions) error {
	key, err := auditKey(opts.key, opts.export)
	if err != nil {
		return err
	}
	if opts.baseline != "" && liesBelow(opts.baseline, opts.export) {
		return cli.BadInput(fmt.Errorf("--baseline %s: it lies in the export that is held to it; give one that you kept", opts.baseline))
	}
	baseline, err := readCheckpoint("--baseline", opts.baseline)
	if err != nil {
		return err
	}
	export, closeExport, err := openExport(cmd.Context(), opts.export)
	if err != nil {
		return err
	}
	defer closeExport()
	result, err := audit.Verify(export, audit.VerifyOptions{Key: key, Baseline: baseline})
	if cmd.Context().Err() != nil {
		return cmd.Context().Err()
	}
	if err != nil {
		return refuseExport(cmd.OutOrStdout(), opts.output, opts.export, err)
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), verifiedAnswer(result))
	}
	return printVerifiedLog(cmd.OutOrStdout(), result)
}

// reasonOf drops what the words NOT VERIFIED say already.
func reasonOf(err error) string {
	return strings.TrimPrefix(err.Error(), audit.ErrTampered.Error()+": ")
}

// notTampered is the error that a command ends with where err is no verdict: nothing was judged.
func notTampered(name string, err error) error {
	if errors.Is(err, audit.ErrExport) {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	return fmt.Errorf("%s: %w", name, err)
}
