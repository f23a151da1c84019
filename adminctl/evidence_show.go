package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type evidenceShowOptions struct {
	out    string
	socket string
	output output
}

func newEvidenceShowCmd() *cobra.Command {
	var opts evidenceShowOptions
	cmd := &cobra.Command{
		Use:   "show SHA256",
		Short: "Show one piece of evidence, and how it verifies now",
		Long: `Show what is known of one document: what it is, who brought it and when, which artifacts
it is about, and how it verifies by the trust root that is in force now, beside the verdict
that was recorded. A document is named by its SHA-256, or the first 6 digits of it and more.

With --out its own bytes are written to a file, which must not be there.`,
		Example: `  stella evidence show 9f86d081
  stella evidence show 9f86d081 --out app.cdx.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runEvidenceShow(cmd, opts, args[0]) },
	}
	cmd.Flags().StringVar(&opts.out, "out", "", "write the document itself to this `file`")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runEvidenceShow(cmd *cobra.Command, opts evidenceShowOptions, name string) error {
	digits, err := parseDocument(name)
	if err != nil {
		return cli.BadInput(fmt.Errorf("%s: %w", name, err))
	}
	if opts.out != "" {
		if err := unused(opts.out); err != nil {
			return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
		}
	}
	client := stellav1.NewEvidenceServiceClient(daemonAt(opts.socket))
	resp, err := client.ShowEvidence(cmd.Context(), &stellav1.ShowEvidenceRequest{Sha256: digits})
	if err != nil {
		return err
	}
	shown := shownEvidence{evidenceOf(resp.GetEvidence()), evidenceNow{resp.GetVerdict(), resp.GetReason(), resp.GetTrustSha256(), resp.GetVerdictJson()}}
	if opts.out != "" {
		stream, err := client.ReadEvidence(cmd.Context(), &stellav1.ReadEvidenceRequest{Sha256: shown.SHA256})
		if err != nil {
			return err
		}
		if err := saveStream(opts.out, shown.SHA256, stream); err != nil {
			return fmt.Errorf("--out %s: %w", opts.out, err)
		}
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	return shown.print(cmd.OutOrStdout())
}

// shownEvidence is the JSON of one piece of evidence.
type shownEvidence struct {
	evidenceAnswer

	Now evidenceNow `json:"now"`
}

// evidenceNow is how it verifies by the trust root in force.
type evidenceNow struct {
	Verdict string          `json:"verdict"`
	Reason  string          `json:"reason,omitempty"`
	Trust   string          `json:"trustSha256,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
}

func (s shownEvidence) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, cli.Visible(text))
		}
	}
	row("sha256", s.SHA256)
	row("kind", s.Kind)
	row("predicate type", s.Predicate)
	row("size", fmt.Sprintf("%d bytes", s.Size))
	for _, artifact := range s.Subjects {
		row("states", artifact)
	}
	for _, artifact := range s.Artifacts {
		row("said to be about", artifact)
	}
	row("added", fmt.Sprintf("%s by uid %d, record %d", instant(s.Time), s.UID, s.Seq))
	row("verdict then", s.Verdict)
	row("trust then", s.Trust)
	row("verdict now", s.Now.Verdict)
	row("reason", s.Now.Reason)
	row("trust now", s.Now.Trust)
	return t.Flush()
}

// saveStream writes a document of a SHA-256 that comes in pieces, whole or not at all.
func saveStream(name, sha256 string, stream grpc.ServerStreamingClient[stellav1.ReadEvidenceResponse]) error {
	return writeHashed(name, sha256, func() ([]byte, error) {
		resp, err := stream.Recv()
		return resp.GetContent(), err
	})
}
