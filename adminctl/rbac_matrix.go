package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type rbacMatrixOptions struct {
	socket string
	output pageOutput
}

func newRBACMatrixCmd() *cobra.Command {
	var opts rbacMatrixOptions
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Show who may do what",
		Long: `Show the access policy in force: what each role may, on which socket, and who holds
it. The HTML is one page to print or to file, which asks for nothing else.`,
		Example: "  adminctl rbac matrix\n  adminctl rbac matrix -o html >access.html",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACMatrix(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	opts.output.output = outputTable
	cmd.Flags().VarP(&opts.output, "output", "o", "form of the results: table, json or html")
	return cmd
}

// outputHTML is a page that stands by itself.
const outputHTML output = "html"

// pageOutput is the form of results that can be a page too.
type pageOutput struct{ output }

// Set takes the value that the user gave.
func (o *pageOutput) Set(text string) error {
	if output(text) == outputHTML {
		o.output = outputHTML
		return nil
	}
	if o.output.Set(text) != nil {
		return errors.New("none of table, json and html")
	}
	return nil
}

func runRBACMatrix(cmd *cobra.Command, opts rbacMatrixOptions) error {
	client := stellav1.NewAccessServiceClient(daemonAt(opts.socket))
	resp, err := client.Matrix(cmd.Context(), &stellav1.MatrixRequest{})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch opts.output.output {
	case outputJSON:
		return writeJSON(out, matrixJSON(resp))
	case outputHTML:
		return writeMatrixPage(out, resp, versionLine(cmd.Root().Name()), time.Now())
	}
	return printMatrix(out, resp)
}

type matrixAnswer struct {
	Version uint64         `json:"version"`
	SHA256  string         `json:"sha256"`
	Roles   []roleAnswer   `json:"roles"`
	Holders []holderAnswer `json:"holders"`
}

type roleAnswer struct {
	Role   string        `json:"role"`
	Grants []grantAnswer `json:"grants"`
}

type grantAnswer struct {
	Resource string   `json:"resource"`
	Verb     string   `json:"verb"`
	Sockets  []string `json:"sockets"`
	Methods  []string `json:"methods"`
}

type holderAnswer struct {
	Kind   string   `json:"kind"` // "user" or "group"
	Name   string   `json:"name"`
	Roles  []string `json:"roles"`
	Denied []string `json:"denied"`
}

func matrixJSON(resp *stellav1.MatrixResponse) matrixAnswer {
	m := matrixAnswer{Version: resp.GetVersion(), SHA256: resp.GetSha256(), Roles: []roleAnswer{}, Holders: []holderAnswer{}}
	for _, r := range resp.GetRoles() {
		role := roleAnswer{r.GetRole(), []grantAnswer{}}
		for _, g := range r.GetGrants() {
			role.Grants = append(role.Grants, grantAnswer{g.GetResource(), g.GetVerb(), listed(g.GetSockets()), listed(g.GetMethods())})
		}
		m.Roles = append(m.Roles, role)
	}
	for _, h := range resp.GetHolders() {
		m.Holders = append(m.Holders, holderAnswer{h.GetKind(), h.GetName(), listed(h.GetRoles()), listed(h.GetDenied())})
	}
	return m
}
