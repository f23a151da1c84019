package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type policyListOptions struct {
	socket string
	output output
}

func newPolicyListCmd() *cobra.Command {
	var opts policyListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the policy bundles, and which decided since when",
		Long: `List the policy bundles that were taken in, and the versions of the policy: which bundle decided
since when. The last version decides now. Version 0 is the policy that is built in, which
decides where nothing was activated.`,
		Example: "  stella policy list\n  stella policy list -o json | jq '.versions[-1]'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPolicyList(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

// versionAnswer is the JSON of a version of the policy.
type versionAnswer struct {
	Number uint64    `json:"number"` // 0: built in
	SHA256 string    `json:"sha256"` // of the bundle
	To     uint64    `json:"to,omitempty"`
	Time   time.Time `json:"time,omitzero"`
	UID    uint32    `json:"uid"`
}

func versionAnswerOf(v *stellav1.PolicyVersion) versionAnswer {
	return versionAnswer{v.GetNumber(), v.GetSha256(), v.GetTo(), timeOf(v.GetTime()), v.GetUid()}
}

// policyShelf is the JSON of the list.
type policyShelf struct {
	Bundles  []bundleAnswer  `json:"bundles"`
	Versions []versionAnswer `json:"versions"`
}

func runPolicyList(cmd *cobra.Command, opts policyListOptions) error {
	resp, err := stellav1.NewPolicyServiceClient(daemonAt(opts.socket)).ListPolicies(cmd.Context(), &stellav1.ListPoliciesRequest{})
	if err != nil {
		return err
	}
	shelf := policyShelf{[]bundleAnswer{}, []versionAnswer{}}
	for _, b := range resp.GetBundles() {
		shelf.Bundles = append(shelf.Bundles, bundleAnswerOf(b))
	}
	for _, v := range resp.GetVersions() {
		shelf.Versions = append(shelf.Versions, versionAnswerOf(v))
	}
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), shelf)
	}
	return shelf.print(cmd.OutOrStdout())
}

func (s policyShelf) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = cmp.Or(cli.Visible(cell), "-")
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	row("version", "bundle", "since", "note")
	for i, v := range s.Versions {
		var notes []string
		if v.Number == 0 {
			notes = append(notes, "built in")
		}
		if v.To > 0 {
			notes = append(notes, fmt.Sprintf("back to version %d", v.To))
		}
		if i == len(s.Versions)-1 {
			notes = append(notes, "decides now")
		}
		row(fmt.Sprint(v.Number), v.SHA256[:min(shortDigest, len(v.SHA256))], instant(v.Time), strings.Join(notes, ", "))
	}
	if len(s.Bundles) > 0 {
		_ = t.Flush()
		fmt.Fprintln(w)
		row("bundle", "taken in", "revision", "bytes", "signed by")
	}
	for _, b := range s.Bundles {
		row(b.SHA256[:min(shortDigest, len(b.SHA256))], instant(b.Time), b.Revision, fmt.Sprint(b.Size), b.Key[:min(shortDigest, len(b.Key))])
	}
	return t.Flush()
}
