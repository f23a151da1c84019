package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type attestSignOptions struct {
	subjects, files          []string
	key                      string
	predicate, predicateType string
	why                      string
	out                      string
	socket                   string
	output                   output
}

// defaultAttestation is where a signed attestation is put of which nothing else is said.
const defaultAttestation = "./new-attestation.tar.gz"

func newAttestSignCmd() *cobra.Command {
	var opts attestSignOptions
	cmd := &cobra.Command{
		Use:   "sign --subject sha256:… --key L",
		Short: "Sign a statement about artifacts with a key of the appliance's",
		Long: `Have the appliance sign an in-toto statement about artifacts. The signature gets a
timestamp, stands in the appliance's signature log, and is written as an evidence bundle
(.tar.gz) that checks itself, or by itself as a Sigstore bundle (.sigstore.json). "attest
verify" and other tools verify either with what "trust export" gives.

Without --predicate the statement is an endorsement: who stands by the artifacts, when,
and why. A predicate is a file of one JSON object, and its type a URI.

A file that is there is never overwritten, and nothing is signed for it where it holds
something else. The same command again gives the same signature again.`,
		Example: `  stella attest sign --subject sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --key signing-2026
  stella attest sign --subject-file app.tar --key signing-2026 --why "release 4.2" --out app.sigstore.json
  stella attest sign --subject app.tar=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \
      --key signing-2026 --predicate build.json --predicate-type https://slsa.dev/provenance/v1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAttestSign(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opts.subjects, "subject", nil, "an artifact's `digest`: sha256: and 64 hexadecimal digits, or NAME=sha256:…; may be repeated")
	flags.StringArrayVar(&opts.files, "subject-file", nil, "an artifact, a `file`, by its name and SHA-256; may be repeated")
	flags.StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256")
	flags.StringVar(&opts.predicate, "predicate", "", "what is stated, a `file` of one JSON object")
	flags.StringVar(&opts.predicateType, "predicate-type", "", "the predicate's type, a `URI`")
	flags.StringVar(&opts.why, "why", "", "of an endorsement, the reason: `text` on one line")
	flags.StringVar(&opts.out, "out", defaultAttestation, "write an evidence bundle to this `file` (.tar.gz), or the attestation alone (.json)")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("key")
	cmd.MarkFlagsOneRequired("subject", "subject-file")
	cmd.MarkFlagsRequiredTogether("predicate", "predicate-type")
	cmd.MarkFlagsMutuallyExclusive("predicate", "why")
	return cmd
}

func runAttestSign(cmd *cobra.Command, opts attestSignOptions) error {
	want, err := opts.read()
	if err != nil {
		return err
	}
	place, err := newBundlePlace(opts.out, want)
	if err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	answer, err := opts.sign(cmd.Context(), want, place)
	if err != nil {
		return err
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout(), opts.key)
}

// read reads what is to be stated: all that can be found wrong is found before a daemon is asked.
func (o attestSignOptions) read() (wanted, error) {
	var w wanted
	for _, text := range o.subjects {
		s, err := parseSubject(text)
		if err != nil {
			return w, cli.BadInput(fmt.Errorf("--subject %s: %w", text, err))
		}
		w.subjects = append(w.subjects, s)
	}
	for _, name := range o.files {
		s, err := fileSubject(name)
		if err != nil {
			return w, err
		}
		w.subjects = append(w.subjects, s)
	}
	w.why = o.why
	if o.predicate != "" {
		text, err := readFile(o.predicate, maxPredicateFile)
		if err != nil {
			return w, cli.BadInput(err)
		}
		w.predicateType, w.predicate = o.predicateType, text
	}
	if err := w.check(); err != nil {
		return w, cli.BadInput(err)
	}
	return w, nil
}

// sign has the daemon sign, and writes what it gives. A crash between the two loses nothing: the same request is answered
// by the same signature.
func (o attestSignOptions) sign(ctx context.Context, want wanted, place *bundlePlace) (signedAnswer, error) {
	req := want.request()
	req.Key = bareDigest(o.key)
	resp, err := stellav1.NewSigningServiceClient(daemonAt(o.socket)).SignStatement(ctx, req)
	if err != nil {
		return signedAnswer{}, err
	}
	bundle, err := want.readAnswer(resp.GetBundle())
	if err != nil {
		return signedAnswer{}, err
	}
	answer := signedAnswer{File: o.out, Index: resp.GetIndex(), Seq: resp.GetSeq()}
	write := func(name string) error { return writeNew(name, resp.GetBundle()) }
	if isArchive(o.out) {
		write = func(name string) error { return o.writeEvidence(ctx, name, want, resp.GetBundle()) }
	}
	if answer.Written, err = place.put(bundle, write); err != nil {
		return answer, fmt.Errorf("--out %s: %w; it is signed (record %d), and the same command with another --out gives the signature again",
			o.out, err, answer.Seq)
	}
	return answer, nil
}

// signedAnswer is the JSON of a signature.
type signedAnswer struct {
	File    string `json:"file"`
	Written bool   `json:"written"` // false: the file was there, with this signature
	Index   uint64 `json:"index"`   // of the entry in the signature log
	Seq     uint64 `json:"seq"`     // of the record in the audit log
}

func (a signedAnswer) print(w io.Writer, key string) error {
	there := ""
	if !a.Written {
		there = ", where it was already"
	}
	fmt.Fprintf(w, "signed with %s\n", cli.Visible(key))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  bundle\t%s%s\n", cli.Visible(a.File), there)
	fmt.Fprintf(t, "  log entry\t%d\n", a.Index)
	fmt.Fprintf(t, "  record\t%d\n", a.Seq)
	return t.Flush()
}
