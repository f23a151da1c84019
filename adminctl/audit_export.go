package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
	"stellad/tlog"
)

type auditExportOptions struct {
	out    string
	since  string
	socket string
}

// newAuditExportCmd has no -o: what it makes is the result, and what it prints is for who carries that away.
func newAuditExportCmd() *cobra.Command {
	var opts auditExportOptions
	cmd := &cobra.Command{
		Use:   "export --out DIR|FILE.tar.gz",
		Short: "Take the audit log away, to be verified elsewhere",
		Long: `Write an export of the audit log: every record, the log's tree and its signed checkpoints,
and what an auditor needs to verify them with this program, with VERIFY.md's stock tools,
or with a Python script. Whoever holds the audit key's fingerprint needs to trust nobody.

The place must not be there, or be an empty folder. It gets its name when the export is
whole and on disk: a folder or a file of that name is never half an export.

An auditor who kept the file "checkpoint" of an earlier export gives it as --since: the
export then starts there, and proves that the log was only appended to.

The export says of a reason or a name what the log still has of it: keep it as you would
keep the log.`,
		Example: `  adminctl audit export --out /media/stick/audit-2026-03
  adminctl audit export --out audit-2026-04.tar.gz --since audit-2026-03/checkpoint`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuditExport(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.out, "out", "", "write the export to this folder, or this .tar.gz or .tgz `file`")
	flags.StringVar(&opts.since, "since", "", "start at this older checkpoint, a `file`")
	addSocketFlag(cmd, &opts.socket)
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func runAuditExport(cmd *cobra.Command, opts auditExportOptions) error {
	since, err := readCheckpoint("--since", opts.since)
	if err != nil {
		return err
	}
	if err := vacant(opts.out); err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	client := stellav1.NewAuditServiceClient(daemonAt(opts.socket))
	stream, err := client.Export(cmd.Context(), &stellav1.ExportRequest{Since: since})
	if err != nil {
		return err
	}
	from := &exportSource{stream: stream}
	if err := from.begin(); err != nil {
		return err // and nothing was made
	}
	taken, err := take(from, opts.out)
	if err != nil {
		return err
	}
	return taken.print(cmd.OutOrStdout(), cmd.Root().Name(), opts)
}

// take writes the export that comes from the daemon. A crash before keep has renamed it leaves a temporary file or folder
// beside the place, whose name begins with a dot; nothing reads it.
func take(from *exportSource, name string) (*takenExport, error) {
	to, err := newExportPlace(name)
	if err != nil {
		return nil, fmt.Errorf("--out %s: %w", name, err)
	}
	defer to.discard()
	taken := &takenExport{place: to}
	if err := from.each(taken.put); err != nil {
		return nil, err
	}
	if err := taken.open(); err != nil {
		return nil, cli.Refused(fmt.Errorf("what the daemon sent: %w", err))
	}
	if err := to.keep(); err != nil {
		return nil, fmt.Errorf("--out %s: %w", name, err)
	}
	return taken, nil
}

// readCheckpoint reads a checkpoint that an option may name, and gives nil where it does not. Whose it is, and whether its
// signature holds, is for the log to say.
func readCheckpoint(flag, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	msg, err := readFile(name, maxKeyFile)
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", flag, err))
	}
	if _, err := tlog.OpenNote(msg); errors.Is(err, tlog.ErrNote) { // no key: a note that is one is not signed by any
		return nil, cli.BadInput(fmt.Errorf("%s %s: %w", flag, name, err))
	}
	return msg, nil
}

func (t *takenExport) print(out io.Writer, program string, opts auditExportOptions) error {
	fmt.Fprintf(out, "%s of %s in %s\n", records(t.checkpoint.Size), cli.Visible(t.key.Name()), cli.Visible(opts.out))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(w, "  %s\t%s\n", name, cli.Visible(text)) }
	row("root", t.checkpoint.Root.String())
	row("key", "SHA-256 "+t.fingerprint())
	baseline := ""
	if opts.since != "" {
		row("since", "the checkpoint in "+opts.since)
		baseline = " --baseline " + quoted(opts.since)
	}
	row("verify", fmt.Sprintf("%s audit verify --export %s%s --key KEY", program, quoted(opts.out), baseline))
	row("", "KEY is the audit key that was written down at genesis, and has this SHA-256")
	return w.Flush()
}
