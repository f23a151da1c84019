package main

import (
	"cmp"
	_ "embed" // the page
	"html/template"
	"io"
	"slices"
	"sync"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

//go:embed rbac_matrix.html.tmpl
var matrixText string

// matrixTemplate is parsed when a page is written: most runs of the program write none.
var matrixTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("matrix").Funcs(template.FuncMap{"visible": cli.Visible}).Parse(matrixText))
})

// matrixPage is what the page shows: for each socket, a row for each resource and verb, a column for each role.
type matrixPage struct {
	Policy  *stellav1.MatrixResponse
	Sockets []socketTable
	Program string
	Time    string
}

type socketTable struct {
	Name string
	Rows []permissionRow
}

type permissionRow struct {
	Resource, Verb string
	May            []bool // by role, in the policy's order
	Methods        []string
}

func writeMatrixPage(w io.Writer, resp *stellav1.MatrixResponse, program string, now time.Time) error {
	page := matrixPage{Policy: resp, Program: program, Time: now.UTC().Format("2006-01-02 15:04 UTC")}
	for _, socket := range socketsOf(resp) {
		page.Sockets = append(page.Sockets, socketTable{socket, permissionsOf(resp, socket)})
	}
	return matrixTemplate().Execute(w, page)
}

// permissionsOf gives the rows of one socket, by resource and verb. What no role has is in no grant, and so in no row.
func permissionsOf(resp *stellav1.MatrixResponse, socket string) []permissionRow {
	var rows []permissionRow
	for i, role := range resp.GetRoles() {
		for _, g := range role.GetGrants() {
			if !slices.Contains(g.GetSockets(), socket) {
				continue
			}
			at := slices.IndexFunc(rows, func(r permissionRow) bool { return r.Resource == g.GetResource() && r.Verb == g.GetVerb() })
			if at < 0 {
				at = len(rows)
				rows = append(rows, permissionRow{g.GetResource(), g.GetVerb(), make([]bool, len(resp.GetRoles())), g.GetMethods()})
			}
			rows[at].May[i] = true
		}
	}
	slices.SortFunc(rows, func(a, b permissionRow) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Verb, b.Verb))
	})
	return rows
}
