package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type vexListOptions struct {
	artifact, cve string
	socket        string
	output        output
}

func newVEXListCmd() *cobra.Command {
	var opts vexListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what was stated on vulnerabilities",
		Long: `List the statements in VEX documents that the appliance holds, the latest last: OpenVEX, CSAF and
CycloneDX, those that nobody signed or whose signature does not verify now among them. Those
count for nothing.`,
		Example: "  stella vex list\n  stella vex list --artifact sha256:9f86d081 --cve CVE-2024-12345 -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runVEXList(cmd, opts) },
	}
	cmd.Flags().StringVar(&opts.artifact, "artifact", "", "statements on this artifact: a `digest`, or its first digits")
	cmd.Flags().StringVar(&opts.cve, "cve", "", "statements on the vulnerability of this `name`")
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runVEXList(cmd *cobra.Command, opts vexListOptions) error {
	req := &stellav1.ListVEXRequest{Vulnerability: opts.cve}
	if opts.artifact != "" {
		var err error
		if req.Artifact, err = parseArtifact(opts.artifact, true); err != nil {
			return cli.BadInput(fmt.Errorf("--artifact %s: %w", opts.artifact, err))
		}
	}
	resp, err := stellav1.NewVEXServiceClient(daemonAt(opts.socket)).ListVEX(cmd.Context(), req)
	if err != nil {
		return err
	}
	all := []vexAnswer{}
	for _, s := range resp.GetStatements() {
		all = append(all, vexAnswerOf(s))
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), struct {
			Statements []vexAnswer `json:"statements"`
		}{all})
	}
	return printVEX(cmd.OutOrStdout(), all)
}

func printVEX(w io.Writer, all []vexAnswer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "made\tstatement\tvulnerability\tstatus\tsignature\tuntil\twhy")
	for _, s := range all {
		cells := []string{s.Made, shortStatement(s.ID), s.Vulnerability, s.Status, s.stands(), s.Expires, s.why()}
		for i, cell := range cells {
			cells[i] = cmp.Or(cli.Visible(cell), "-")
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}
