package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// sealAnswer is the JSON of one thing that is cut.
type sealAnswer struct {
	Name  string `json:"name"`
	Holds bool   `json:"holds"`
	Proof string `json:"proof"` // what was looked at
}

// runSealed tells what the daemon says of itself and its workers, and what systemd says of its unit.
func runSealed(cmd *cobra.Command, opts statusOptions) error {
	resp, err := stellav1.NewStatusServiceClient(daemonAt(opts.socket)).Sealed(cmd.Context(), &stellav1.SealedRequest{})
	if err != nil {
		return err
	}
	all := []sealAnswer{}
	for _, s := range resp.GetSeals() {
		all = append(all, sealAnswer{s.GetName(), s.GetHolds(), s.GetProof()})
	}
	all = append(all, unitSeals(cmd.Context(), resp.GetPid())...)
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), struct {
			Seals []sealAnswer `json:"seals"`
		}{all})
	}
	return printSeals(cmd.OutOrStdout(), all)
}

func printSeals(w io.Writer, all []sealAnswer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\n", marks[s.Holds], cli.Visible(s.Name), cli.Visible(s.Proof))
	}
	return t.Flush()
}
