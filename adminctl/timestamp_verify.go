package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"stellad/attest"
	"stellad/attest/rfc3161"
	"stellad/attest/trust"
	"stellad/internal/cli"
)

type timestampVerifyOptions struct {
	token     string
	data      string
	trustRoot string
	output    output
}

func newTimestampVerifyCmd() *cobra.Command {
	var opts timestampVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify --token FILE --data FILE",
		Short: "Verify an RFC 3161 timestamp over a file, with no network",
		Long: `Verify that a timestamping authority of the trust root saw a file, and when.

The token is the DER of an RFC 3161 response or of the token by itself, over the
SHA-256, SHA-384 or SHA-512 of the data, which may be of any size. The authority
must be one of a trusted_root*.json of the trust root: a certificate inside the
token is not trust. Certificates are judged at the token's time, not now.`,
		Example: `  stella timestamp verify --token report.tsr --data report.pdf
  stella timestamp verify --token report.tsr --data report.pdf --trust-root roots/ -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTimestampVerify(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.token, "token", "", "the timestamp, a `file`")
	flags.StringVar(&opts.data, "data", "", "the `file` that it is over")
	addTrustRootFlags(cmd, &opts.trustRoot)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("token")
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

const maxToken = 1 << 20

func runTimestampVerify(cmd *cobra.Command, opts timestampVerifyOptions) error {
	roots, err := loadTrust(opts.trustRoot, false)
	if err != nil {
		return err
	}
	token, err := readFile(opts.token, maxToken)
	if err != nil {
		return cli.BadInput(err)
	}
	data, err := fileArtifact(opts.data)
	if err != nil {
		return err
	}
	stamp, err := verifyToken(roots, token, data.Any[0])
	answer := timestampAnswer{Verified: err == nil, Data: data.Any[0].String()}
	switch {
	case errors.Is(err, errNoAuthority):
		return err
	case errors.Is(err, rfc3161.ErrToken):
		return cli.BadInput(fmt.Errorf("%s: %w", opts.token, err))
	case err != nil:
		answer.Reason = err.Error()
	default:
		answer.Time, answer.AccuracySeconds = stamp.Time.Format(time.RFC3339), stamp.Accuracy.Seconds()
		answer.Authority, answer.Signer, answer.Serial = stamp.Authority, stamp.Signer, stamp.Serial
	}
	if printed := opts.print(cmd.OutOrStdout(), answer); printed != nil {
		return printed
	}
	if err != nil {
		return cli.Refused(fmt.Errorf("%s: NOT VERIFIED: %w", opts.token, err))
	}
	return nil
}

var errNoAuthority = cli.BadInput(errors.New("the trust root has no timestamping authority; put the trusted_root.json of one there"))

// verifyToken asks each authority. Where none made the token, what the first one says
// that knows the signer counts for more than that others don't.
func verifyToken(roots *trust.Trust, token []byte, digests attest.Digests) (*rfc3161.Timestamp, error) {
	reason := errNoAuthority
	for _, root := range roots.Roots {
		for _, authority := range root.Timestampers {
			stamp, err := authority.VerifyDigests(token, digests)
			if err == nil {
				return stamp, nil
			}
			if errors.Is(reason, errNoAuthority) || errors.Is(reason, rfc3161.ErrUnknown) {
				reason = err
			}
		}
	}
	return nil, reason
}

// timestampAnswer is the JSON of a verdict.
type timestampAnswer struct {
	Verified        bool    `json:"verified"`
	Reason          string  `json:"reason,omitempty"`
	Data            string  `json:"data"` // its digest, of the file at hand
	Time            string  `json:"time,omitempty"`
	AccuracySeconds float64 `json:"accuracySeconds,omitempty"` // to either side, where the authority claims one
	Authority       string  `json:"authority,omitempty"`       // its URI, as the trust root has it
	Signer          string  `json:"signer,omitempty"`          // the signing certificate's subject
	Serial          string  `json:"serial,omitempty"`          // of the token, in hex
}

func (o timestampVerifyOptions) print(w io.Writer, a timestampAnswer) error {
	if o.output == outputJSON {
		return writeJSON(w, a)
	}
	if !a.Verified {
		_, err := fmt.Fprintf(w, "NOT VERIFIED - %s\n", cli.Visible(a.Reason))
		return err
	}
	fmt.Fprintln(w, "VERIFIED - Timestamp valid")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text)) }
	row("data", o.data+", "+a.Data)
	row("time", a.Time)
	if a.AccuracySeconds > 0 {
		row("accuracy", fmt.Sprintf("%g s to either side", a.AccuracySeconds))
	}
	row("authority", a.Authority)
	row("signer", a.Signer)
	row("serial", a.Serial)
	return t.Flush()
}
