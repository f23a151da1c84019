package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type timestampRequestOptions struct {
	data, query string
	out         string
	socket      string
	output      output
}

func newTimestampRequestCmd() *cobra.Command {
	var opts timestampRequestOptions
	cmd := &cobra.Command{
		Use:   "request (--data FILE | --query FILE.tsq) --out FILE.tsr",
		Short: "Get an RFC 3161 timestamp of the appliance's over a file",
		Long: `Get a timestamp of the appliance's: a signed word that a file was there at a time. The
appliance sees the file's SHA-256 alone.

With --data the request is made here, with a nonce, and asks for the certificate. With
--query a request that was made elsewhere (openssl ts -query) is sent as it is. The answer
is written when it is a token over what was sent, with the nonce that was sent; whose word
it is, "timestamp verify" says, anywhere and with no daemon.

A request that the authority rejects has its reason, and the exit status 3. A file that is
there is never overwritten.`,
		Example: `  stella timestamp request --data report.pdf --out report.tsr
  openssl ts -query -data report.pdf -sha512 -cert -out report.tsq
  stella timestamp request --query report.tsq --out report.tsr`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTimestampRequest(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.data, "data", "", "the `file` to have stamped")
	flags.StringVar(&opts.query, "query", "", "a request that was made elsewhere, a `file`")
	flags.StringVar(&opts.out, "out", "", "write the timestamp to this `file`")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	_ = cmd.MarkFlagRequired("out")
	cmd.MarkFlagsOneRequired("data", "query")
	cmd.MarkFlagsMutuallyExclusive("data", "query")
	return cmd
}

func runTimestampRequest(cmd *cobra.Command, opts timestampRequestOptions) error {
	query, err := opts.read()
	if err != nil {
		return err
	}
	if err := unused(opts.out); err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	client := stellav1.NewSigningServiceClient(daemonAt(opts.socket))
	resp, err := client.Timestamp(cmd.Context(), &stellav1.TimestampRequest{Request: query.der})
	if err != nil {
		return err
	}
	answer, err := query.check(resp.GetResponse())
	if err != nil {
		return cli.Refused(err)
	}
	if err := writeNew(opts.out, resp.GetResponse()); err != nil {
		return fmt.Errorf("--out %s: %w", opts.out, err)
	}
	answer.File = opts.out
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout())
}

func (o timestampRequestOptions) read() (*stampQuery, error) {
	if o.data != "" {
		data, err := fileArtifact(o.data)
		if err != nil {
			return nil, err
		}
		return newStampQuery(data.Any[0])
	}
	der, err := readFile(o.query, maxToken)
	if err != nil {
		return nil, cli.BadInput(err)
	}
	query, err := parseStampQuery(der)
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s: %w", o.query, err))
	}
	return query, nil
}

// stampedAnswer is the JSON of a timestamp that was given.
type stampedAnswer struct {
	File            string  `json:"file"`
	Imprint         string  `json:"imprint"` // what it is over
	Time            string  `json:"time"`
	AccuracySeconds float64 `json:"accuracySeconds,omitempty"` // to either side, where the authority claims one
	Serial          string  `json:"serial"`                    // of the token, in hex
}

func (a stampedAnswer) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "%s\t%s\n", name, cli.Visible(text)) }
	row("timestamp", a.File)
	row("over", a.Imprint)
	row("time", a.Time)
	if a.AccuracySeconds > 0 {
		row("accuracy", fmt.Sprintf("%g s to either side", a.AccuracySeconds))
	}
	row("serial", a.Serial)
	return t.Flush()
}
