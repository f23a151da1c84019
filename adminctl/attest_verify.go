package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/trust"
	"stellad/internal/cli"
)

type attestVerifyOptions struct {
	bundles       []string
	trustRoot     string
	artifact      artifactOptions
	signer        signerOptions
	predicateType string
	report        string
	maxSize       int64 // MiB
	socket        string
	output        output
}

func newAttestVerifyCmd() *cobra.Command {
	var opts attestVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify --bundle FILE",
		Short: "Verify attestations, with no network",
		Long: `Verify Sigstore bundles (0.1 to 0.3) and DSSE envelopes against a trust root, or an
evidence bundle (.tar.gz): its manifest's signature, each file's hash, each attestation.

No network socket is opened and nothing is looked up, ever. Where a stellad answers on
this machine, it is asked: it has the trust root at hand and remembers its verdicts.
With --trust-root, $STELLA_TRUST_ROOT or --offline this program judges by itself; the
verdict is the same. Who is accepted is what signers.toml in the trust root says, or
else the --certificate-… or --key options, which stand in for all that it says.
Without an artifact the verdict says that none was compared.

A trust root is a folder: trusted_root*.json (Sigstore), keys/*.pem, logs/*.vkey
and signers.toml, subfolders counted. It is --trust-root, else $STELLA_TRUST_ROOT,
else ` + defaultTrustRoot + `. In signers.toml:

  [[signer]]
  identity = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
  issuer = "https://token.actions.githubusercontent.com"
  predicate-types = ["https://slsa.dev/provenance/v1"]   # any, if left out

  [[signer]]
  key = "keys/release.pem"                               # beside this file`,
		Example: `  stella attest verify --bundle app.sigstore.json --trust-root roots/ --artifact app.tgz
  stella attest verify --bundle app.dsse.json --key release.pem --digest sha256:9f86d081…
  stella attest verify --bundle evidence/ --image app.oci.tar --report verdict.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAttestVerify(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opts.bundles, "bundle", nil, "a bundle, an envelope, JSON lines of them, or a folder of such `files` (.json, .jsonl, .sigstore, .bundle, .dsse), repeatable; or an evidence bundle (.tar.gz)")
	addTrustRootFlags(cmd, &opts.trustRoot)
	addSocketFlag(cmd, &opts.socket)
	cmd.MarkFlagsMutuallyExclusive("socket", "trust-root")
	cmd.MarkFlagsMutuallyExclusive("socket", "offline")
	opts.artifact.addFlags(cmd)
	opts.signer.addFlags(cmd)
	flags.StringVar(&opts.predicateType, "predicate-type", "", "the statement's predicate type must be this `URI`")
	flags.StringVar(&opts.report, "report", "", "write a report to `FILE`: .html, .md or .json")
	flags.Int64Var(&opts.maxSize, "max-size", 16, "largest bundle file that is read, in `MiB`")
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("bundle")
	return cmd
}

// runAttestVerify checks every argument before it verifies anything, so that a
// slip of the pen is never mistaken for a verdict.
func runAttestVerify(cmd *cobra.Command, opts attestVerifyOptions) error {
	if opts.maxSize < 1 || opts.maxSize > 1<<20 {
		return cli.BadInput(errors.New("--max-size: a number of MiB from 1 to 1048576"))
	}
	form, err := reportForm(opts.report)
	if err != nil {
		return err
	}
	signers, err := opts.signer.signers()
	if err != nil {
		return err
	}
	if opts.archives() {
		return runAttestVerifyArchive(cmd, opts, form, signers)
	}
	files, err := findBundles(cmd.ErrOrStderr(), opts.bundles)
	if err != nil {
		return err
	}
	if err := opts.keepInputs(files); err != nil {
		return err
	}
	artifact, err := opts.artifact.read()
	if err != nil {
		return err
	}
	judge, err := opts.judge(cmd, attest.Expect{Artifact: artifact, Signers: signers, PredicateType: opts.predicateType})
	if err != nil {
		return err
	}
	return verification{judge, opts.maxSize << 20}.run(cmd, files, opts, form)
}

// verification is what is the same for every file.
type verification struct {
	judge   judge
	maxSize int64
}

func (v verification) run(cmd *cobra.Command, files []string, opts attestVerifyOptions, form report.Form) error {
	entries, err := v.all(cmd.Context(), files, newProgress(cmd.ErrOrStderr(), len(files)))
	if err != nil {
		return err
	}
	r := report.Report{Program: versionLine(cmd.Root().Name()), Time: time.Now().UTC().Truncate(time.Second), Entries: entries}
	if opts.output == outputJSON {
		err = report.Write(cmd.OutOrStdout(), report.JSON, r)
	} else {
		err = printVerdicts(cmd.OutOrStdout(), entries)
	}
	if err != nil {
		return err
	}
	return worse(outcome(r), fileReport(opts.report, form, r))
}

// one judges a file: an entry for each document in it. Its error is no file's fault: there can be no verdicts.
func (v verification) one(ctx context.Context, file string) ([]report.Entry, error) {
	text, err := readFile(file, v.maxSize)
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("%w; --max-size raises the limit", err)
	}
	if err != nil {
		return []report.Entry{{File: file, Problem: strings.TrimPrefix(err.Error(), file+": ")}}, nil // the entry names it
	}
	docs, err := attest.Parse(text)
	if err != nil {
		return []report.Entry{{File: file, Problem: err.Error()}}, nil
	}
	entries := make([]report.Entry, len(docs))
	for i, d := range docs {
		verdict, answer, err := v.judge.judge(ctx, d)
		if problem := unjudgeable(""); errors.As(err, &problem) {
			entries[i] = report.Entry{File: file, Problem: problem.Error()}
			continue
		}
		if err != nil {
			return nil, err
		}
		entries[i] = report.Entry{File: file, Verdict: verdict, Answer: answer}
	}
	return entries, nil
}

// loadTrust reads the trust root. A key named on the command line needs none.
func loadTrust(name string, haveKey bool) (*trust.Trust, error) {
	dir, chosen := trustRootDir(name)
	if !chosen && haveKey && !exists(dir) {
		return trust.None(), nil
	}
	if !chosen && !exists(dir) {
		return nil, cli.BadInput(fmt.Errorf("no trust root: %s is not there; give --trust-root DIR or set $%s", dir, trustRootEnv))
	}
	t, err := trust.Load(dir)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	return t, nil
}
