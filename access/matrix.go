package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Matrix is a whole policy over all operations: what each role may, and who holds it. Its lists are not to be changed.
type Matrix struct {
	Version    uint64
	SHA256     string // in hex
	File       string
	Operations []Operation // all that there are, by resource and verb
	Roles      []RoleRow   // by name, anyone among them
	Holders    []Holder    // in the file's order; those that are only denied something last
}

// RoleRow is a role and all that it may, by resource and verb.
type RoleRow struct {
	Role   string
	Grants []Operation
}

// Holder is a user or a group that the policy names.
type Holder struct {
	Kind   string // "user" or "group"
	Name   string
	Roles  []string
	Denied []string // "resource:verb", as the file has it: either part may be *
}

// Matrix gives the whole policy.
func (p *Policy) Matrix() Matrix {
	m := Matrix{Version: p.Version, SHA256: p.SHA256, File: p.File, Operations: slices.Clone(p.catalog)}
	slices.SortStableFunc(m.Operations, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Verb, b.Verb))
	})
	m.addRole(anyone, func(want Permission) bool { return p.anyone.has(p.index[want]) })
	for _, r := range p.roles {
		m.addRole(r.name, func(want Permission) bool { _, ok := r.grant(want); return ok })
	}
	slices.SortFunc(m.Roles, func(a, b RoleRow) int { return cmp.Compare(a.Role, b.Role) })
	p.addHolders(&m)
	return m
}

func (m *Matrix) addRole(name string, may func(Permission) bool) {
	row := RoleRow{Role: name}
	for _, op := range m.Operations {
		if may(op.Permission) {
			row.Grants = append(row.Grants, op)
		}
	}
	m.Roles = append(m.Roles, row)
}

// addHolders joins what [users] and [deny.users] say of one user, under whichever names.
func (p *Policy) addHolders(m *Matrix) {
	var all []principal
	at := func(who principal) *Holder {
		i := slices.IndexFunc(all, func(o principal) bool {
			return o.kind == who.kind && o.id == who.id && (o.id != nobody || o.name == who.name)
		})
		if i < 0 {
			i = len(all)
			all = append(all, who)
			m.Holders = append(m.Holders, Holder{Kind: who.kind, Name: who.name})
		}
		return &m.Holders[i]
	}
	for _, h := range p.holders {
		at(h.principal).Roles = slices.Sorted(slices.Values(h.roles))
	}
	for _, d := range p.denials {
		holder := at(d.principal)
		for _, r := range d.rules {
			holder.Denied = append(holder.Denied, r.String())
		}
	}
}

// Markdown writes the matrix as tables: one for each socket, a row for each resource and verb that it has and a column
// for each role, and one of the holders.
func (m Matrix) Markdown() string {
	var b strings.Builder
	for _, socket := range m.sockets() {
		m.socketTable(&b, socket)
	}
	b.WriteString("### Holders\n\n| user or group | roles | denied |\n|---|---|---|\n")
	for _, h := range m.Holders {
		fmt.Fprintf(&b, "| %s %s | %s | %s |\n", h.Kind, code(h.Name), code(h.Roles...), code(h.Denied...))
	}
	return b.String()
}

func (m Matrix) sockets() []string {
	var all []string
	for _, op := range m.Operations {
		all = append(all, op.Sockets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (m Matrix) socketTable(b *strings.Builder, socket string) {
	fmt.Fprintf(b, "### %s.sock\n\n| resource | verb |", socket)
	for _, r := range m.Roles {
		fmt.Fprintf(b, " %s |", r.Role)
	}
	fmt.Fprintf(b, " methods |\n|---|---|%s---|\n", strings.Repeat("---|", len(m.Roles)))
	for _, op := range m.Operations {
		if !slices.Contains(op.Sockets, socket) {
			continue
		}
		fmt.Fprintf(b, "| %s | %s |", op.Resource, op.Verb)
		for _, r := range m.Roles {
			fmt.Fprintf(b, " %s |", r.cell(op.Permission))
		}
		fmt.Fprintf(b, " %s |\n", code(op.Methods...))
	}
	b.WriteString("\n")
}

func (r RoleRow) cell(want Permission) string {
	if slices.ContainsFunc(r.Grants, func(op Operation) bool { return op.Permission == want }) {
		return "yes"
	}
	return ""
}

// code quotes words so that a bar or a backquote in a name ends neither cell nor quotation.
func code(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + strings.NewReplacer("|", `\|`, "`", "'").Replace(w) + "`"
	}
	return strings.Join(quoted, ", ")
}
