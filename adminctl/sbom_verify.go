package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/internal/cli"
	"stellad/sbom"
)

type sbomVerifyOptions struct {
	archive   string
	trustRoot string
	artifact  artifactOptions
	signer    signerOptions
	report    string
	output    output
}

func newSBOMVerifyCmd() *cobra.Command {
	var opts sbomVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify --archive FILE.tar.gz",
		Short: "Verify a signed SBOM archive, check by check",
		Long: `Verify a signed SBOM archive by the trust root and nothing else: its structure, the hash of
each file, the signature and whose it is, the timestamp, the proof of the log, and the
SBOM itself against its specification. With an artifact it must be of that one. A check
that is not done is said to be so, with the reason.

What lies in the archive is never trusted. No network is used and no daemon is asked.`,
		Example: `  stella sbom verify --offline --archive app-sbom.tar.gz --trust-root trust
  stella sbom verify --archive app-sbom.tar.gz --artifact app.tar --report sbom.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSBOMVerify(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.archive, "archive", "", "the archive, a `file`")
	addTrustRootFlags(cmd, &opts.trustRoot)
	opts.artifact.addFlags(cmd)
	opts.signer.addFlags(cmd)
	flags.StringVar(&opts.report, "report", "", "write a report to `FILE`: .html, .md or .json")
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("archive")
	return cmd
}

func runSBOMVerify(cmd *cobra.Command, opts sbomVerifyOptions) error {
	form, err := reportForm(opts.report)
	if err != nil {
		return err
	}
	if err := opts.keepInputs(); err != nil {
		return err
	}
	want, err := opts.expect()
	if err != nil {
		return err
	}
	f, err := openFile(opts.archive)
	if err != nil {
		return cli.BadInput(err)
	}
	defer f.Close()
	a, err := sbom.Verify(f, want)
	if err != nil {
		return fmt.Errorf("%s: %w", opts.archive, err)
	}
	a.File, a.Program, a.Time = opts.archive, versionLine(cmd.Root().Name()), time.Now().UTC().Truncate(time.Second)
	return archiveAnswer{opts.archive, opts.report, form, opts.output}.give(cmd.OutOrStdout(), a)
}

func (o sbomVerifyOptions) expect() (sbom.Expect, error) {
	want := sbom.Expect{Read: sbom.ReadDocument}
	var err error
	if want.Signers, err = o.signer.signers(); err != nil {
		return want, err
	}
	if want.Artifact, err = o.artifact.read(); err != nil {
		return want, err
	}
	roots, err := loadTrust(o.trustRoot, false)
	if err != nil {
		return want, err
	}
	want.Verifier = attest.NewVerifier(roots)
	return want, nil
}

// keepInputs refuses a report that would take the place of what is verified or trusted.
func (o sbomVerifyOptions) keepInputs() error {
	trusted, _ := trustRootDir(o.trustRoot)
	inputs := slices.Concat(o.signer.keys, []string{o.archive, o.artifact.file, o.artifact.image, trusted})
	if o.report != "" && (slices.ContainsFunc(inputs, func(in string) bool { return sameFile(in, o.report) }) || liesBelow(o.report, trusted)) {
		return cli.BadInput(fmt.Errorf("--report %s: it is a file that is verified or trusted; write it elsewhere", o.report))
	}
	return nil
}

// An archiveAnswer is where the report of an archive goes.
type archiveAnswer struct {
	file   string // the archive's
	report string // a file, or ""
	form   report.Form
	output output
}

// give prints the report, files it, and gives the status.
func (o archiveAnswer) give(out io.Writer, a *report.Archive) error {
	var err error
	if o.output == outputJSON {
		err = report.WriteArchive(out, report.JSON, a)
	} else {
		err = printArchive(out, a)
	}
	if err != nil {
		return err
	}
	var verdict error
	if !a.Verified {
		verdict = cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %s", o.file, a.Reason))
	}
	if o.report == "" {
		return verdict
	}
	if err := writeWhole(o.report, func(w io.Writer) error { return report.WriteArchive(w, o.form, a) }); err != nil {
		return worse(verdict, fmt.Errorf("report %s: %w", o.report, err))
	}
	return verdict
}

func printArchive(w io.Writer, a *report.Archive) error {
	verdict := "VERIFIED"
	if !a.Verified {
		verdict = "NOT VERIFIED"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s - %s\n", verdict, cli.Visible(a.File))
	for _, c := range a.Checks {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", c.Name, c.State, cli.Visible(c.Reason))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range a.Files { // their names are long: they are a table of their own
		fmt.Fprintf(t, "  %s\t%s\t%s\n", cli.Visible(f.Name), f.State, cli.Visible(f.Kind+" "+f.Reason))
	}
	return t.Flush()
}
