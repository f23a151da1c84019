package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stellad/attest/trust"
)

type trustShowOptions struct {
	trustRoot string
	output    output
}

func newTrustShowCmd() *cobra.Command {
	var opts trustShowOptions
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show what a trust root holds, with no network",
		Long: `Show whom a trust root believes: who is accepted and for what, the keys with the
times when they are valid and since when one is compromised, the keys of logs and
witnesses, and what each Sigstore trusted root names.

The first line is the digest by which verdicts name the trust root: compare it with
the one that was written down. A part that does not parse refuses the whole.`,
		Example: `  adminctl trust show
  stella trust show --trust-root roots/ -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTrustShow(cmd, opts) },
	}
	addTrustRootFlags(cmd, &opts.trustRoot)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runTrustShow(cmd *cobra.Command, opts trustShowOptions) error {
	t, err := loadTrust(opts.trustRoot, false)
	if err != nil {
		return err
	}
	answer := trustAnswerOf(t)
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout())
}

// trustAnswer is the JSON of a trust root. Lists are in the order of the files.
type trustAnswer struct {
	SHA256  string         `json:"sha256"` // of the whole, as verdicts name it
	Signers []signerAnswer `json:"signers"`
	Keys    []keyAnswer    `json:"keys"`
	Logs    []vkeyAnswer   `json:"logs"` // of *.vkey files; those of trusted roots stand there
	Roots   []rootAnswer   `json:"roots"`
}

// signerAnswer is who is accepted: an identity that an issuer vouches for, or keys.
type signerAnswer struct {
	Name           string   `json:"name,omitempty"`
	Where          string   `json:"where"` // file and line
	Identity       string   `json:"identity,omitempty"`
	IdentityRegexp string   `json:"identityRegexp,omitempty"`
	Issuer         string   `json:"issuer,omitempty"`
	IssuerRegexp   string   `json:"issuerRegexp,omitempty"`
	Keys           []string `json:"keys,omitempty"` // their files
	PredicateTypes []string `json:"predicateTypes"` // empty: any
	Signatures     int      `json:"signatures"`
	LogEntries     *int     `json:"logEntries,omitempty"` // absent: one, wherever a log is known
	Timestamps     *int     `json:"timestamps,omitempty"` // absent: none but what a certificate needs
}

type keyAnswer struct {
	File            string    `json:"file"`
	SHA256          string    `json:"sha256"` // of its SubjectPublicKeyInfo
	Kind            string    `json:"kind"`
	ValidFrom       time.Time `json:"validFrom,omitzero"`
	ValidUntil      time.Time `json:"validUntil,omitzero"`
	CompromisedFrom time.Time `json:"compromisedFrom,omitzero"`
}

type vkeyAnswer struct {
	VKey    string `json:"vkey"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Witness bool   `json:"witness"` // it cosigns, and speaks for no log
}

type rootAnswer struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	trust.Contents
}

func trustAnswerOf(t *trust.Trust) trustAnswer {
	a := trustAnswer{SHA256: t.Digest, Signers: []signerAnswer{}, Keys: []keyAnswer{}, Logs: []vkeyAnswer{}, Roots: []rootAnswer{}}
	for _, s := range t.Signers {
		a.Signers = append(a.Signers, signerAnswerOf(s))
	}
	for _, k := range t.Keys {
		span := t.Span(k.ID)
		a.Keys = append(a.Keys, keyAnswer{k.Name, k.ID, trust.KeyKind(k.Public), span.From, span.Until, span.Compromised})
	}
	for _, l := range t.Logs {
		a.Logs = append(a.Logs, vkeyAnswer{l.String(), l.Name(), trust.KeyKind(l.PublicKey()), l.Cosigns()})
	}
	for _, r := range t.Roots {
		a.Roots = append(a.Roots, rootAnswer{r.Name, r.Digest, r.Contents()})
	}
	return a
}

func signerAnswerOf(s *trust.Signer) signerAnswer {
	a := signerAnswer{
		Name: s.Name, Where: s.Where, PredicateTypes: listed(s.PredicateTypes), Signatures: s.Needs.Signatures,
		Identity: s.Identity.Exact, IdentityRegexp: patternAsWritten(s.Identity), Issuer: s.Issuer.Exact, IssuerRegexp: patternAsWritten(s.Issuer),
		LogEntries: written(s.Needs.LogEntries), Timestamps: written(s.Needs.Timestamps),
	}
	for _, k := range s.Keys {
		a.Keys = append(a.Keys, k.Name)
	}
	return a
}

// patternAsWritten leaves off the anchors that package trust puts around a pattern.
func patternAsWritten(m trust.Match) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern(m), "^(?:"), ")$")
}

// written gives a number that somebody wrote.
func written(n int) *int {
	if n == trust.Unset {
		return nil
	}
	return &n
}
