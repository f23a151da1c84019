package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

type whoamiOptions struct {
	socket string
	output output
}

func newWhoamiCmd() *cobra.Command {
	var opts whoamiOptions
	cmd := &cobra.Command{
		Use:     "whoami",
		Short:   "Tell who the daemon takes you for",
		Long:    "Tell who the daemon takes you for: the user and the groups that the kernel says, and your roles.",
		Example: "  adminctl whoami\n  adminctl whoami --socket /run/stella/admin.sock -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runWhoami(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	addOutputFlag(cmd, &opts.output)
	return cmd
}

func runWhoami(cmd *cobra.Command, opts whoamiOptions) error {
	client := stellav1.NewAccessServiceClient(daemonAt(opts.socket))
	resp, err := client.WhoAmI(cmd.Context(), &stellav1.WhoAmIRequest{})
	if err != nil {
		return err
	}
	answer := whoamiJSON(resp)
	if opts.output == outputJSON {
		return writeJSON(cmd.OutOrStdout(), answer)
	}
	return answer.print(cmd.OutOrStdout())
}

type whoamiAnswer struct {
	UID    uint32        `json:"uid"`
	User   string        `json:"user"` // empty where the number has no name there
	Groups []groupAnswer `json:"groups"`
	Roles  []string      `json:"roles"`
	Socket string        `json:"socket"`
}

type groupAnswer struct {
	GID  uint32 `json:"gid"`
	Name string `json:"name"`
}

// whoamiJSON has each group once, the primary one first: it is often among the supplementary ones again.
func whoamiJSON(resp *stellav1.WhoAmIResponse) whoamiAnswer {
	answer := whoamiAnswer{
		UID: resp.GetUid(), User: resp.GetUser(), Groups: []groupAnswer{},
		Roles: listed(resp.GetRoles()), Socket: resp.GetSocket(),
	}
	for i, gid := range append([]uint32{resp.GetGid()}, resp.GetGroups()...) {
		group := groupAnswer{GID: gid}
		if names := resp.GetGroupNames(); i < len(names) {
			group.Name = names[i]
		}
		if !slices.Contains(answer.Groups, group) {
			answer.Groups = append(answer.Groups, group)
		}
	}
	return answer
}

func (a whoamiAnswer) print(w io.Writer) error {
	var groups []string
	for _, g := range a.Groups {
		groups = append(groups, fmt.Sprintf("%s (gid %d)", g.Name, g.GID))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(t, "%s\t%s\n", name, cli.Visible(text)) }
	row("user", fmt.Sprintf("%s (uid %d)", cmp.Or(a.User, "no name here"), a.UID))
	row("groups", strings.Join(groups, ", "))
	row("roles", strings.Join(a.Roles, ", "))
	row("socket", a.Socket)
	return t.Flush()
}

// listed gives an empty list where there is none: JSON has [] for it, never null.
func listed(words []string) []string { return append([]string{}, words...) }
