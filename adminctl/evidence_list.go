package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type evidenceListOptions struct {
	artifact, kind, verdict string
	from                    uint64
	limit                   uint32
	socket                  string
	output                  output
}

func newEvidenceListCmd() *cobra.Command {
	var opts evidenceListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the evidence that the appliance holds",
		Long: `List the evidence that the appliance holds, in the order in which it came: what has all
that the options say.

"verdict" is that of the day it was added; "evidence show" has the one of today. "about"
are the artifacts that a document states itself, then those that whoever added it says.
An artifact is named by its digest, or by the first 6 digits of it and more.

A page has 100 lines unless --limit says otherwise; what is left is told, and --from with
the number that is told then shows it.`,
		Example: `  stella evidence list --artifact sha256:9f86d081
  stella evidence list --kind cyclonedx --verdict verified -o json | jq -r '.evidence[].sha256'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEvidenceList(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.artifact, "artifact", "", "evidence of this artifact: a `digest`, or its first digits")
	flags.StringVar(&opts.kind, "kind", "", "evidence of this `kind`, such as sigstore-bundle, cyclonedx or openvex")
	flags.StringVar(&opts.verdict, "verdict", "", "evidence of this `verdict`: verified, refused or none")
	flags.Uint64Var(&opts.from, "from", 0, "begin at this `number` of a record of the audit log")
	flags.Uint32Var(&opts.limit, "limit", 100, "lines of a page, at most 1000")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runEvidenceList(cmd *cobra.Command, opts evidenceListOptions) error {
	req, err := opts.request()
	if err != nil {
		return cli.BadInput(err)
	}
	resp, err := stellav1.NewEvidenceServiceClient(daemonAt(opts.socket)).ListEvidence(cmd.Context(), req)
	if err != nil {
		return err
	}
	page := evidencePage{Evidence: []evidenceAnswer{}, Next: resp.GetNext()}
	for _, e := range resp.GetEvidence() {
		page.Evidence = append(page.Evidence, evidenceOf(e))
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), page)
	}
	if page.Next > 0 {
		defer fmt.Fprintf(cmd.ErrOrStderr(), "%s: there is more: --from %d\n", cmd.Root().Name(), page.Next)
	}
	return page.print(cmd.OutOrStdout())
}

func (o evidenceListOptions) request() (*stellav1.ListEvidenceRequest, error) {
	req := &stellav1.ListEvidenceRequest{Kind: o.kind, Verdict: o.verdict, From: o.from, Limit: o.limit}
	if o.artifact != "" {
		var err error
		if req.Artifact, err = parseArtifact(o.artifact, true); err != nil {
			return nil, fmt.Errorf("--artifact %s: %w", o.artifact, err)
		}
	}
	switch o.verdict {
	case "", "verified", "refused", "none":
	default:
		return nil, fmt.Errorf("--verdict %s: one of verified, refused and none", o.verdict)
	}
	if o.limit < 1 || o.limit > 1000 {
		return nil, fmt.Errorf("--limit %d: a number from 1 to 1000", o.limit)
	}
	return req, nil
}

// evidencePage is the JSON of a list.
type evidencePage struct {
	Evidence []evidenceAnswer `json:"evidence"`
	Next     uint64           `json:"next,omitempty"` // what --from is for the next page
}

func (p evidencePage) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "added\tsha256\tverdict\tkind\tabout")
	for _, e := range p.Evidence {
		cells := []string{instant(e.Time), e.SHA256[:min(shortDigest, len(e.SHA256))], e.Verdict, e.what(), e.about()}
		for i, cell := range cells {
			cells[i] = cli.Visible(cell)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}
