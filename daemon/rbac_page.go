package daemon

import (
	_ "embed" // the page's frame
	"strings"
	"text/template"

	"stellad/access"
)

//go:embed rbac_page.md.tmpl
var rbacTemplate string

//go:generate go run ./rbacpage ../docs/rbac.md

// RBACPage is docs/rbac.md: the form of the policy file, and what the policy of an appliance that was just installed
// lets each role do. It is made of the API's own description and of the policy that is built in.
func RBACPage() (string, error) {
	catalog, err := Catalog()
	if err != nil {
		return "", err
	}
	policy, err := access.Builtin(catalog)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	err = template.Must(template.New("").Parse(rbacTemplate)).Execute(&page, struct{ Default, Matrix string }{
		access.Default, policy.Matrix().Markdown(),
	})
	return page.String(), err
}
