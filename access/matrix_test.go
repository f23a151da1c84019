package access_test

import (
	"fmt"
	"strings"
	"testing"

	"stellad/access"
)

func TestMatrix(t *testing.T) {
	p := parse(t, house)
	m := p.Matrix()
	if m.Version != 7 || m.SHA256 != p.SHA256 || m.File != "access.toml" || len(m.Operations) != len(catalog()) {
		t.Errorf("%+v", m)
	}
	var roles, holders []string
	for _, r := range m.Roles {
		var grants []string
		for _, g := range r.Grants {
			grants = append(grants, g.String())
			if len(g.Sockets) == 0 || len(g.Methods) == 0 {
				t.Errorf("%s has no sockets or methods", g)
			}
		}
		roles = append(roles, r.Role+": "+strings.Join(grants, " "))
	}
	for _, h := range m.Holders {
		holders = append(holders, fmt.Sprint(h.Kind, " ", h.Name, " ", h.Roles, " ", h.Denied))
	}
	const wantRoles = `administrator: access:read access:reload attestations:verify audit:export audit:read keys:list keys:rotate metrics:read policies:evaluate self:read status:read
anyone: self:read
custodian: keys:list keys:rotate
operator: keys:list status:read
service: attestations:verify`
	if got := strings.Join(roles, "\n"); got != wantRoles {
		t.Errorf("roles\n%s", got)
	}
	const wantHolders = `user root [administrator] []
user bob [operator service] []
user uid:2000 [custodian] []
group stella-admin [administrator] []
group stella [service] []
group gid:999 [operator] []
user uid:2001 [] [self:read keys:rotate]
group contractors [] [keys:*]`
	if got := strings.Join(holders, "\n"); got != wantHolders {
		t.Errorf("holders\n%s", got)
	}
}

// TestMatrixJoins: what is said of a user under two names is one row; of two absent groups, two.
func TestMatrixJoins(t *testing.T) {
	m := parse(t, head+"[deny.users]\n'uid:0' = ['keys:rotate']\n").Matrix()
	if len(m.Holders) != 1 || m.Holders[0].Name != "root" || len(m.Holders[0].Denied) != 1 {
		t.Errorf("%+v", m.Holders)
	}
	p, err := access.BuiltinWith(passwd, "root:x:0:\n", catalog())
	if err != nil {
		t.Fatal(err)
	}
	if absent := p.Matrix().Markdown(); absent != builtin(t).Matrix().Markdown() || !strings.Contains(absent, "group `stella-admin`") {
		t.Error("the built-in policy's tables depend on the machine")
	}
}

func builtin(t *testing.T) *access.Policy {
	t.Helper()
	p, err := access.BuiltinWith(passwd, group, catalog())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMarkdown(t *testing.T) {
	p, err := access.ParseWith("a|`b:x:5:5::/:/bin/sh\n"+passwd, group, head+"\"a|`b\" = ['operator']\n", catalog())
	if err != nil {
		t.Fatal(err)
	}
	got := p.Matrix().Markdown()
	for _, line := range []string{
		"### admin.sock\n\n| resource | verb | administrator | anyone | operator | methods |\n|---|---|---|---|---|---|\n",
		"| keys | list | yes |  | yes | `stella.v1.keys:list` |\n",
		"| self | read | yes | yes |  | `stella.v1.self:read` |\n",
		"| user `a\\|'b` | `operator` |  |\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	_, verify, _ := strings.Cut(got, "### verify.sock")
	verify, _, _ = strings.Cut(verify, "###")
	if strings.Contains(verify, "keys") || !strings.Contains(verify, "| attestations | verify |") {
		t.Errorf("verify.sock has\n%s", verify)
	}
}
