package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyEvaluateOptions struct {
	artifact, environment string
	explain, sign         bool
	key, out              string
	socket                string
	output                pageOutput
}

func newPolicyEvaluateCmd() *cobra.Command {
	var opts policyEvaluateOptions
	cmd := &cobra.Command{
		Use:   "evaluate --artifact sha256:… --environment NAME",
		Short: "Decide on an artifact by the policy in force",
		Long: `Have the policy in force decide on an artifact by all that the appliance holds on it: verified
attestations, SBOMs, scan reports and VEX. The first line is the answer, "PASSED - …" or
"BLOCKED - …". Then there is a line for each gate of the policy: what it comes to without
VEX and with it, why it does not hold, and what it looked at.

Whatever keeps the policy from answering blocks: a mistake in it, a function that fails, more
time or memory than it may have.

--explain shows all that the gates looked at, the VEX that was near a finding and is not
about it, and the evidence that counts for nothing, each with the reason. In JSON it has the
whole input.

--sign has the appliance sign the decision, with the digests of its input and its policy, and
keep both: "policy replay" decides once more on them. The exit status is that of the decision.`,
		Example: `  stella policy evaluate --artifact sha256:9f86d081 --environment production
  stella policy evaluate --artifact sha256:9f86d081 --environment production --explain -o html >decision.html
  stella policy evaluate --artifact sha256:9f86d081 --environment production --sign --out decision.sigstore.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPolicyEvaluate(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.artifact, "artifact", "", "the artifact: its `digest`, or the first digits of it")
	flags.StringVar(&opts.environment, "environment", "", "the `name` of what it is to be admitted to, as the policy has it")
	flags.BoolVar(&opts.explain, "explain", false, "show all that was looked at, and what did not count")
	flags.BoolVar(&opts.sign, "sign", false, "have the decision signed and kept")
	flags.StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256 (default: the only active one for attestations)")
	flags.StringVar(&opts.out, "out", "", "write the signed decision to this `file`, a Sigstore bundle")
	addSocketFlag(cmd, &opts.socket)
	opts.output.output = outputTable
	flags.VarP(&opts.output, "output", "o", "form of the results: table, json or html")
	_ = cmd.MarkFlagRequired("artifact")
	_ = cmd.MarkFlagRequired("environment")
	cmd.MarkFlagsMutuallyExclusive("sign", "explain")
	return cmd
}

func runPolicyEvaluate(cmd *cobra.Command, opts policyEvaluateOptions) error {
	if err := opts.check(); err != nil {
		return cli.BadInput(err)
	}
	artifact, err := parseArtifact(opts.artifact, true)
	if err != nil {
		return cli.BadInput(fmt.Errorf("--artifact %s: %w", opts.artifact, err))
	}
	answer, err := opts.ask(cmd.Context(), artifact)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch opts.output.output {
	case outputJSON:
		err = writeJSON(out, answer)
	case outputHTML:
		err = writeDecisionPage(out, answer, versionLine(cmd.Root().Name()), time.Now())
	default:
		err = printDecision(out, answer)
	}
	return errors.Join(err, answer.outcome())
}

func (o policyEvaluateOptions) check() error {
	if !o.sign && (o.key != "" || o.out != "") {
		return errors.New("--key and --out are for a decision that is signed: --sign")
	}
	if o.out == "" {
		return nil
	}
	if err := unused(o.out); err != nil {
		return fmt.Errorf("--out %s: %w", o.out, err)
	}
	return nil
}

func (o policyEvaluateOptions) ask(ctx context.Context, artifact string) (decisionAnswer, error) {
	client := stellav1.NewPolicyServiceClient(daemonAt(o.socket))
	if !o.sign {
		resp, err := client.Evaluate(ctx, &stellav1.EvaluateRequest{Artifact: artifact, Environment: o.environment, Explain: o.explain})
		if err != nil {
			return decisionAnswer{}, err
		}
		answer := decisionAnswerOf(resp.GetDecision())
		if o.explain {
			answer.Input = json.RawMessage(resp.GetInput())
		}
		return answer, nil
	}
	resp, err := client.SignDecision(ctx, &stellav1.SignDecisionRequest{Artifact: artifact, Environment: o.environment, Key: bareDigest(o.key)})
	if err != nil {
		return decisionAnswer{}, err
	}
	answer := decisionAnswerOf(resp.GetDecision())
	answer.Signed = resp.GetSha256()
	if o.out != "" {
		if err := writeNew(o.out, resp.GetBundle()); err != nil {
			return answer, fmt.Errorf("--out %s: %w; it is signed, as %s", o.out, err, answer.Signed)
		}
	}
	return answer, nil
}
