package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyLoadOptions struct {
	sign   bool
	key    string
	socket string
	output output
}

func newPolicyLoadCmd() *cobra.Command {
	var opts policyLoadOptions
	cmd := &cobra.Command{
		Use:   "load FILE|DIR",
		Short: "Take a policy bundle in",
		Long: `Take a policy bundle in: a .tar.gz as "opa build" and "opa sign" make it, or a folder of Rego and
data, which is made one without its tests (*_test.rego). It decides nothing before
"policy activate".

A bundle must be signed by an active key of the appliance's for policies, or by a key that
the trust root accepts for ` + "tag:stella,2026:policy-bundle/v1" + `. --sign has the appliance
sign it.`,
		Example: `  stella policy load ./policy --sign
  stella policy load bundle.tar.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runPolicyLoad(cmd, opts, args[0]) },
	}
	cmd.Flags().BoolVar(&opts.sign, "sign", false, "have the appliance sign it")
	cmd.Flags().StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256 (default: the only active one for policies)")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

// bundleAnswer is the JSON of a policy bundle.
type bundleAnswer struct {
	SHA256   string    `json:"sha256"`
	Revision string    `json:"revision,omitempty"`
	Key      string    `json:"keySha256"`
	Size     uint64    `json:"size"`
	Time     time.Time `json:"time"`
	UID      uint32    `json:"uid"`
}

func bundleAnswerOf(b *stellav1.PolicyBundle) bundleAnswer {
	return bundleAnswer{b.GetSha256(), b.GetRevision(), b.GetKeySha256(), b.GetSize(), timeOf(b.GetTime()), b.GetUid()}
}

func runPolicyLoad(cmd *cobra.Command, opts policyLoadOptions, name string) error {
	if opts.key != "" && !opts.sign {
		return cli.BadInput(errors.New("--key is for a bundle that is to be signed: --sign"))
	}
	text, err := readBundle(name, false)
	if err != nil {
		return cli.BadInput(err)
	}
	resp, err := opts.load(cmd.Context(), text)
	if err != nil {
		return err
	}
	answer := struct {
		Bundle       bundleAnswer `json:"bundle"`
		Environments []string     `json:"environments"`
	}{bundleAnswerOf(resp.GetBundle()), append([]string{}, resp.GetEnvironments()...)}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "taken in: %s\n  environments  %s\n  to have it decide: %s policy activate %s\n", answer.Bundle.SHA256,
		cli.Visible(strings.Join(answer.Environments, ", ")), cmd.Root().Name(), answer.Bundle.SHA256[:min(shortDigest, len(answer.Bundle.SHA256))])
	return nil
}

func (o policyLoadOptions) load(ctx context.Context, text []byte) (*stellav1.LoadPolicyResponse, error) {
	stream, err := stellav1.NewPolicyServiceClient(daemonAt(o.socket)).LoadPolicy(ctx)
	if err != nil {
		return nil, err
	}
	err = sendPieces(bytes.NewReader(text), func(piece []byte) error {
		return stream.Send(&stellav1.LoadPolicyRequest{Content: piece, Sign: o.sign, Key: bareDigest(o.key)})
	})
	if err != nil && !errors.Is(err, io.EOF) { // at an end the answer says why
		return nil, err
	}
	return stream.CloseAndRecv()
}
