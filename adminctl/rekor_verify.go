package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"stellad/attest/logproof"
	"stellad/attest/trust"
	"stellad/internal/cli"
	"stellad/tlog"
)

type rekorVerifyOptions struct {
	proof      string
	checkpoint string
	entry      string
	trustRoot  string
	vkeys      []string
	output     output
}

func newRekorVerifyCmd() *cobra.Command {
	var opts rekorVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify [--proof FILE] [--checkpoint FILE]",
		Short: "Verify an inclusion proof against a checkpoint, with no network",
		Long: `Verify that a log holds an entry, under a checkpoint that the log signed.

A proof is a C2SP tlog-proof (with --entry, the bytes that it is about), a log
entry with its inclusion proof in Sigstore's or Rekor v1's JSON, or a whole
Sigstore bundle. A checkpoint is a signed note; where none is given, the one
that came with the proof counts. With a checkpoint alone, its signatures are
verified. The log's key comes from the trust root (trusted_root*.json,
logs/*.vkey) or from --vkey.`,
		Example: `  stella rekor verify --proof inclusion-proof.json --checkpoint checkpoint.sig
  stella rekor verify --proof app.sigstore.json --trust-root roots/
  stella rekor verify --proof entry.tlog-proof --entry entry.json --vkey log.vkey`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRekorVerify(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.proof, "proof", "", "the inclusion proof, a `file`")
	flags.StringVar(&opts.checkpoint, "checkpoint", "", "the checkpoint to hold it against, a `file`")
	flags.StringVar(&opts.entry, "entry", "", "the entry that the proof is about, a `file`")
	flags.StringArrayVar(&opts.vkeys, "vkey", nil, "a `file` of verifier keys of logs, in place of the trust root; repeatable")
	addTrustRootFlags(cmd, &opts.trustRoot)
	addOutputFlag(cmd, &opts.output)
	cmd.MarkFlagsOneRequired("proof", "checkpoint")
	cmd.MarkFlagsMutuallyExclusive("vkey", "trust-root")
	return cmd
}

const maxProofFile = 16 << 20

func runRekorVerify(cmd *cobra.Command, opts rekorVerifyOptions) error {
	keys, err := opts.keys()
	if err != nil {
		return err
	}
	checkpoint, err := readNamed(opts.checkpoint)
	if err != nil {
		return err
	}
	entry, err := readNamed(opts.entry)
	if err != nil {
		return err
	}
	if opts.proof == "" && opts.entry != "" {
		return cli.BadInput(errors.New("--entry says what a proof is about; give --proof"))
	}
	if opts.proof == "" {
		return opts.verifyCheckpoint(cmd.OutOrStdout(), checkpoint, keys)
	}
	text, err := readNamed(opts.proof)
	if err != nil {
		return err
	}
	proofs, err := logproof.Parse(text)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", opts.proof, err))
	}
	return opts.verifyProofs(cmd.OutOrStdout(), proofs, checkpoint, entry, keys)
}

func (o rekorVerifyOptions) verifyProofs(w io.Writer, proofs []*logproof.Proof, checkpoint, entry []byte, keys []*tlog.VerifierKey) error {
	var results []*logproof.Result
	for _, p := range proofs {
		r, err := p.Verify(checkpoint, entry, keys)
		switch {
		case errors.Is(err, logproof.ErrMissing):
			return cli.BadInput(fmt.Errorf("%s: %w; %s", o.proof, err, o.lacks(p)))
		case o.checkpoint != "" && noCheckpoint(err):
			return cli.BadInput(fmt.Errorf("%s: %w", o.checkpoint, err))
		case err != nil:
			return o.refuse(w, o.proof, err)
		}
		results = append(results, r)
	}
	return o.print(w, "Inclusion proof valid", results)
}

func (o rekorVerifyOptions) verifyCheckpoint(w io.Writer, checkpoint []byte, keys []*tlog.VerifierKey) error {
	signed, err := logproof.OpenCheckpoint(checkpoint, keys)
	switch {
	case noCheckpoint(err):
		return cli.BadInput(fmt.Errorf("%s: %w", o.checkpoint, err))
	case err != nil:
		return o.refuse(w, o.checkpoint, err)
	}
	return o.print(w, "Checkpoint signature valid", []*logproof.Result{logproof.ResultOf(signed)})
}

// lacks says which option would complete a proof.
func (o rekorVerifyOptions) lacks(p *logproof.Proof) string {
	if o.checkpoint == "" && p.Checkpoint == nil {
		return "give --checkpoint"
	}
	return "give --entry"
}

// noCheckpoint tells that bytes are no checkpoint at all, as opposed to one that does not verify.
func noCheckpoint(err error) bool {
	return errors.Is(err, tlog.ErrNote) || errors.Is(err, tlog.ErrCheckpoint)
}

// keys gives the keys that may sign a checkpoint: there must be one.
func (o rekorVerifyOptions) keys() ([]*tlog.VerifierKey, error) {
	if len(o.vkeys) > 0 {
		return readVerifierKeys(o.vkeys)
	}
	roots, err := loadTrust(o.trustRoot, false)
	if err != nil {
		return nil, err
	}
	keys := roots.LogKeys()
	if len(keys) == 0 {
		return nil, cli.BadInput(errors.New("the trust root has no key of a log; put logs/*.vkey or a trusted_root.json there, or give --vkey"))
	}
	return keys, nil
}

func readVerifierKeys(names []string) ([]*tlog.VerifierKey, error) {
	var keys []*tlog.VerifierKey
	for _, name := range names {
		text, err := readFile(name, maxKeyFile)
		if err != nil {
			return nil, cli.BadInput(err)
		}
		found, err := trust.ParseLogs(name, text)
		if err != nil {
			return nil, cli.BadInput(err)
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

// readNamed reads a file that the user may have left out.
func readNamed(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := readFile(name, maxProofFile)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	return text, nil
}

// rekorAnswer is the JSON of a verdict.
type rekorAnswer struct {
	Verified bool               `json:"verified"`
	Reason   string             `json:"reason,omitempty"`
	Results  []*logproof.Result `json:"results,omitempty"`
}

func (o rekorVerifyOptions) refuse(w io.Writer, file string, reason error) error {
	if o.output == outputJSON {
		if err := writeJSON(w, rekorAnswer{Reason: reason.Error()}); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintf(w, "NOT VERIFIED - %s\n", cli.Visible(reason.Error())); err != nil {
		return err
	}
	return cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %w", file, reason))
}

func (o rekorVerifyOptions) print(w io.Writer, answer string, results []*logproof.Result) error {
	if o.output == outputJSON {
		return writeJSON(w, rekorAnswer{Verified: true, Results: results})
	}
	fmt.Fprintf(w, "VERIFIED - %s\n", answer)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text)) }
	for _, r := range results {
		row("log", r.Log)
		if r.Leaf != "" {
			row("entry", fmt.Sprintf("index %d, leaf hash %s", r.Index, r.Leaf))
		}
		row("tree", fmt.Sprintf("%d entries, root hash %s", r.Size, r.Root))
		row("signed by", r.Key)
		if len(r.Cosignatures) > 0 {
			row("cosigned by", strings.Join(r.Cosignatures, ", "))
		}
	}
	return t.Flush()
}
