package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type evidenceExportOptions struct {
	artifacts []string
	key, out  string
	socket    string
}

// newEvidenceExportCmd has no -o: what it makes is the result, and what it prints is for who carries that away.
func newEvidenceExportCmd() *cobra.Command {
	var opts evidenceExportOptions
	cmd := &cobra.Command{
		Use:   "export --artifact D… --out FILE.tar.gz",
		Short: "Take the evidence of artifacts away in a bundle that checks itself",
		Long: `Write a bundle of all evidence of artifacts: the documents, their proofs and checkpoints,
the verdicts, the trust root in force (information, never trust), and a manifest of each
file's SHA-256, signed by the appliance. "attest verify --bundle" verifies it, and so does
the script verify.sh in it, with stock tools; both want the key that you trust as an
argument.

The file must not be there, and gets its name when it is whole and on disk.`,
		Example: `  stella evidence export --artifact sha256:9f86d081 --out /media/stick/app.tar.gz
  stella attest verify --bundle /media/stick/app.tar.gz --trust-root trust`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEvidenceExport(cmd, opts) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&opts.artifacts, "artifact", nil, "an artifact: a `digest`, or its first digits; may be repeated")
	flags.StringVar(&opts.key, "key", "", "the `key` that signs the manifest, by label or SHA-256 (default: the only active one for attestations)")
	flags.StringVar(&opts.out, "out", "", "write the bundle to this `file`, whose name ends in .tar.gz")
	addSocketFlag(cmd, &opts.socket)
	_ = cmd.MarkFlagRequired("artifact")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func runEvidenceExport(cmd *cobra.Command, opts evidenceExportOptions) error {
	req := &stellav1.ExportEvidenceRequest{Key: bareDigest(opts.key)}
	for _, text := range opts.artifacts {
		artifact, err := parseArtifact(text, true)
		if err != nil {
			return cli.BadInput(fmt.Errorf("--artifact %s: %w", text, err))
		}
		req.Artifacts = append(req.Artifacts, artifact)
	}
	if !isArchive(opts.out) {
		return cli.BadInput(fmt.Errorf("--out %s: a bundle's name ends in .tar.gz", opts.out))
	}
	if err := unused(opts.out); err != nil {
		return cli.BadInput(fmt.Errorf("--out %s: %w", opts.out, err))
	}
	stream, err := stellav1.NewEvidenceServiceClient(daemonAt(opts.socket)).ExportEvidence(cmd.Context(), req)
	if err != nil {
		return err
	}
	size := 0
	err = writeHashed(opts.out, "", func() ([]byte, error) {
		resp, err := stream.Recv()
		size += len(resp.GetContent())
		return resp.GetContent(), err
	})
	if err != nil {
		return err
	}
	return printExported(cmd.OutOrStdout(), cmd.Root().Name(), opts.out, size)
}

func printExported(out io.Writer, program, name string, size int) error {
	fmt.Fprintf(out, "a bundle of %d bytes in %s\n", size, cli.Visible(name))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  verify\t%s\n", cli.Visible(fmt.Sprintf("%s attest verify --bundle %s --trust-root DIR", program, quoted(name))))
	return w.Flush()
}
