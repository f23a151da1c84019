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

func newVEXCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vex",
		Short: "Say whether a vulnerability matters in an artifact",
	}
	cmd.AddCommand(newVEXAddCmd(), newVEXListCmd(), newVEXWithdrawCmd())
	return cmd
}

// vexAnswer is the JSON of a statement.
type vexAnswer struct {
	ID            string   `json:"id"` // the document's SHA-256, a slash, the statement's place in it
	Vulnerability string   `json:"vulnerability"`
	Status        string   `json:"status"`
	Justification string   `json:"justification,omitempty"`
	Impact        string   `json:"impactStatement,omitempty"`
	Action        string   `json:"actionStatement,omitempty"`
	Author        string   `json:"author,omitempty"`
	Made          string   `json:"made"`
	Expires       string   `json:"expires,omitempty"`
	Products      []string `json:"products"`
	Format        string   `json:"format"`
	Verified      bool     `json:"verified"`
	Signers       []string `json:"signers"`
	Artifacts     []string `json:"artifacts"`
}

func vexAnswerOf(s *stellav1.VEXStatement) vexAnswer {
	return vexAnswer{
		ID: s.GetId(), Vulnerability: s.GetVulnerability(), Status: s.GetStatus(), Justification: s.GetJustification(),
		Impact: s.GetImpactStatement(), Action: s.GetActionStatement(), Author: s.GetAuthor(), Made: s.GetMade(), Expires: s.GetExpires(),
		Products: append([]string{}, s.GetProducts()...), Format: s.GetFormat(), Verified: s.GetVerified(),
		Signers: append([]string{}, s.GetSigners()...), Artifacts: append([]string{}, s.GetArtifacts()...),
	}
}

// stands says whether anybody stands for the statement.
func (a vexAnswer) stands() string {
	if a.Verified {
		return "verified"
	}
	return "COUNTS FOR NOTHING"
}

// why is the reason that it gives.
func (a vexAnswer) why() string {
	var all []string
	for _, text := range []string{a.Justification, a.Impact, a.Action} {
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}

// showVEX shows a statement that was made.
func showVEX(cmd *cobra.Command, form output, s *stellav1.VEXStatement) error {
	answer := vexAnswerOf(s)
	if form == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout())
}

func (a vexAnswer) print(w io.Writer) error {
	fmt.Fprintf(w, "%s is %s\n", cli.Visible(a.Vulnerability), cli.Visible(a.Status))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(t, "  %s\t%s\n", name, cli.Visible(text))
		}
	}
	row("in", strings.Join(a.Artifacts, ", "))
	row("why", a.why())
	row("until", a.Expires)
	row("statement", a.ID)
	if !a.Verified {
		row("signature", "none that verifies: it counts for nothing")
	}
	return t.Flush()
}
