package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/sign"
	"stellad/internal/cli"
	"stellad/sbom"
)

type sbomArchiveOptions struct {
	sbom, subject string
	key           string
	out           string
	made          madeOptions
	socket        string
	output        output
}

func newSBOMArchiveCmd() *cobra.Command {
	var opts sbomArchiveOptions
	cmd := &cobra.Command{
		Use:   "archive --sbom FILE --subject D --key L --out FILE.tar.gz",
		Short: "Put an SBOM into a signed archive",
		Long: `Put an SBOM into an archive that shows what it is of and what it was made with, signed by
the appliance, with a timestamp and the proof of a log: to be verified by "sbom verify", or
with stock tools by the script verify.sh in it. There is no archive without a signature.

The SBOM is CycloneDX 1.4 to 1.6 (JSON, XML) or SPDX 2.3 (JSON, tag-value), and is checked
against its specification first. Its own bytes are kept. What it was made with is your
word: --scanner is what the SBOM itself names first, unless it is given; digests say which
scanner, database, configuration and sources exactly.

The same command again makes the same archive, but for the log's proof, which grows. A
file that is there is never overwritten.`,
		Example: `  stella sbom archive --sbom app.cdx.json --subject app.tar=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \
      --key signing-2026 --out app-sbom.tar.gz --scanner syft@1.18.0 \
      --source git+https://example.org/app=sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSBOMArchive(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.sbom, "sbom", "", "the SBOM, a `file`")
	flags.StringVar(&opts.subject, "subject", "", "the artifact's `digest`: sha256: and 64 hexadecimal digits, or NAME=sha256:…")
	flags.StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256")
	flags.StringVar(&opts.out, "out", "", "write the archive to this `file`, whose name ends in .tar.gz")
	opts.made.addFlags(cmd)
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	for _, name := range []string{"sbom", "subject", "key", "out"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func runSBOMArchive(cmd *cobra.Command, opts sbomArchiveOptions) error {
	if err := archivePlace(opts.out); err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	subject, err := parseSubject(opts.subject)
	if err != nil {
		return cli.BadInput(fmt.Errorf("--subject %s: %w", opts.subject, err))
	}
	f, err := openFile(opts.sbom)
	if err != nil {
		return cli.BadInput(err)
	}
	defer f.Close()
	draft, err := opts.draft(f, subject)
	if err != nil {
		return err
	}
	resp, err := signDraft(cmd.Context(), opts.socket, opts.key, draft.Subjects(), draft.Predicate())
	if err != nil {
		return err
	}
	answer := signedAnswer{File: opts.out, Written: true, Index: resp.GetIndex(), Seq: resp.GetSeq()}
	err = writeArchive(opts.out, func(w io.Writer) error { return draft.Write(w, resp.GetBundle()) })
	if err != nil {
		return fmt.Errorf("--out %s: %w; it is signed (record %d), and the same command gives the signature again", opts.out, err, answer.Seq)
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return printArchived(cmd.OutOrStdout(), cmd.Root().Name(), opts.key, answer)
}

// draft reads the SBOM, and makes all that is to be signed.
func (o sbomArchiveOptions) draft(f *os.File, subject attest.Subject) (*sbom.Draft, error) {
	metadata, err := o.made.metadata()
	if err != nil {
		return nil, cli.BadInput(err)
	}
	draft, err := sbom.NewDraft(sbom.Input{SBOM: f, Subject: subject, Metadata: metadata, Read: sbom.ReadDocument})
	var path *os.PathError
	if err != nil && !errors.As(err, &path) {
		err = cli.BadInput(fmt.Errorf("%s: %w", o.sbom, err))
	}
	return draft, err
}

// signDraft has the daemon sign a statement.
func signDraft(ctx context.Context, socket, key string, subjects []attest.Subject, p sign.Predicate) (*stellav1.SignStatementResponse, error) {
	req := wanted{subjects: subjects, predicateType: p.Type, predicate: p.JSON}.request()
	req.Key = bareDigest(key)
	return stellav1.NewSigningServiceClient(daemonAt(socket)).SignStatement(ctx, req)
}

// archivePlace refuses a name for a new archive.
func archivePlace(name string) error {
	if !isArchive(name) {
		return errors.New("an archive's name ends in .tar.gz")
	}
	return unused(name)
}

// writeArchive writes a file that is not there, whole and on disk, or not at all.
func writeArchive(name string, write func(io.Writer) error) error {
	if err := unused(name); err != nil { // it came while the daemon was asked
		return cli.BadInput(err)
	}
	if err := writeWhole(name, write); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

func printArchived(out io.Writer, program, key string, a signedAnswer) error {
	fmt.Fprintf(out, "signed with %s\n", cli.Visible(key))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  archive\t%s\n", cli.Visible(a.File))
	fmt.Fprintf(t, "  log entry\t%d\n", a.Index)
	fmt.Fprintf(t, "  record\t%d\n", a.Seq)
	fmt.Fprintf(t, "  verify\t%s\n", cli.Visible(fmt.Sprintf("%s sbom verify --archive %s --trust-root DIR", program, quoted(a.File))))
	return t.Flush()
}
