package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// printMatrix prints a line for each role and resource: it stays narrow however many roles there are.
func printMatrix(w io.Writer, resp *stellav1.MatrixResponse) error {
	fmt.Fprintf(w, "access policy version %d, SHA-256 %s\n", resp.GetVersion(), cli.Visible(resp.GetSha256()))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, c := range cells {
			cells[i] = cli.Visible(c)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	for _, socket := range socketsOf(resp) {
		row()
		row(socket+".sock", "resource", "verbs")
		for _, role := range resp.GetRoles() {
			printRole(role, socket, row)
		}
	}
	row()
	row("holder", "roles", "denied")
	for _, h := range resp.GetHolders() {
		row(h.GetKind()+" "+h.GetName(), orDash(h.GetRoles()), orDash(h.GetDenied()))
	}
	return t.Flush()
}

// printRole prints what a role may on a socket, a resource a line.
func printRole(role *stellav1.RoleRow, socket string, row func(cells ...string)) {
	var resources []string
	verbs := map[string][]string{}
	for _, g := range role.GetGrants() {
		if !slices.Contains(g.GetSockets(), socket) {
			continue
		}
		if r := g.GetResource(); verbs[r] == nil {
			resources = append(resources, r)
		}
		verbs[g.GetResource()] = append(verbs[g.GetResource()], g.GetVerb())
	}
	name := role.GetRole()
	for _, r := range resources {
		row(name, r, strings.Join(verbs[r], ", "))
		name = ""
	}
	if len(resources) == 0 {
		row(name, "-", "-")
	}
}

// socketsOf gives the sockets that some grant is for, sorted.
func socketsOf(resp *stellav1.MatrixResponse) []string {
	var all []string
	for _, role := range resp.GetRoles() {
		for _, g := range role.GetGrants() {
			all = append(all, g.GetSockets()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func orDash(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}
