package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type vexAddOptions struct {
	cve, status    string
	justification  string
	impact, action string
	artifact       string
	products       []string
	expires        string
	sign           bool
	key            string
	socket         string
	output         output
}

func newVEXAddCmd() *cobra.Command {
	var opts vexAddOptions
	cmd := &cobra.Command{
		Use:   "add --cve CVE-… --status STATUS",
		Short: "State whether a vulnerability matters in an artifact",
		Long: `State, as OpenVEX 0.2.0, whether a vulnerability matters in an artifact, and keep the statement as
evidence. With --sign the appliance signs it; one that is not signed counts for nothing.

--status is one of not_affected, affected, fixed and under_investigation. For not_affected
--justification is wanted: one of OpenVEX's labels (component_not_present,
vulnerable_code_not_present, vulnerable_code_not_in_execute_path,
vulnerable_code_cannot_be_controlled_by_adversary, inline_mitigations_already_exist), or
words, which become the impact statement. For affected --action-statement is wanted.

Without --artifact it is about the one artifact whose verified scan reports have the
vulnerability. --product narrows it to packages in the artifact. A later statement takes an
earlier one's place, and so does "vex withdraw"; from --expires on it stands no longer.`,
		Example: `  stella vex add --cve CVE-2024-12345 --status not_affected \
      --justification "Vulnerable code path not reachable" --sign
  stella vex add --cve CVE-2024-12345 --status not_affected --justification component_not_present \
      --artifact sha256:9f86d081 --product pkg:deb/debian/zlib1g@1.2.13 --expires 2027-03-31 --sign`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVEXAdd(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.cve, "cve", "", "the vulnerability's `name`")
	flags.StringVar(&opts.status, "status", "", "the `status`")
	flags.StringVar(&opts.justification, "justification", "", "why it does not matter: a `label`, or words")
	flags.StringVar(&opts.impact, "impact-statement", "", "why it does not matter, in `words` beside a label")
	flags.StringVar(&opts.action, "action-statement", "", "what is to be done, in `words`")
	flags.StringVar(&opts.artifact, "artifact", "", "the artifact: its `digest`, or the first digits of it")
	flags.StringArrayVar(&opts.products, "product", nil, "a package in the artifact, by its package URL (`purl`); may be repeated")
	flags.StringVar(&opts.expires, "expires", "", "when it stands no longer: a `time` such as 2027-03-31 (its first second in UTC) or 2027-03-31T12:00:00Z")
	flags.BoolVar(&opts.sign, "sign", false, "have the appliance sign it")
	flags.StringVar(&opts.key, "key", "", "the `key` to sign with, by label or SHA-256 (default: the only active one for attestations)")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("cve")
	_ = cmd.MarkFlagRequired("status")
	return cmd
}

func runVEXAdd(cmd *cobra.Command, opts vexAddOptions) error {
	req, err := opts.request()
	if err != nil {
		return cli.BadInput(err)
	}
	resp, err := stellav1.NewVEXServiceClient(daemonAt(opts.socket)).AddVEX(cmd.Context(), req)
	if err != nil {
		return err
	}
	return showVEX(cmd, opts.output, resp.GetStatement())
}

func (o vexAddOptions) request() (*stellav1.AddVEXRequest, error) {
	req := &stellav1.AddVEXRequest{
		Vulnerability: o.cve, Status: o.status, Justification: o.justification, ImpactStatement: o.impact, ActionStatement: o.action,
		Products: o.products, Sign: o.sign, Key: bareDigest(o.key),
	}
	if o.key != "" && !o.sign {
		return nil, fmt.Errorf("--key is for a statement that is to be signed: --sign")
	}
	if o.artifact != "" {
		var err error
		if req.Artifact, err = parseArtifact(o.artifact, true); err != nil {
			return nil, fmt.Errorf("--artifact %s: %w", o.artifact, err)
		}
	}
	if o.expires != "" {
		at, err := parseExpiry(o.expires, time.Now())
		if err != nil {
			return nil, fmt.Errorf("--expires %s: %w", o.expires, err)
		}
		req.Expires = timestamppb.New(at)
	}
	return req, nil
}

// parseExpiry reads a day or a moment that is to come.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	switch {
	case err != nil:
		return at, fmt.Errorf("neither a day such as 2027-03-31 nor a moment such as 2027-03-31T12:00:00Z")
	case !at.After(now):
		return at, fmt.Errorf("it is over already")
	}
	return at.UTC(), nil
}
