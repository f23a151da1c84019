package access

import (
	"path/filepath"
	"slices"
	"strconv"
)

// Policy is a policy file, read and resolved. Nothing changes it: it may be used concurrently. The zero Policy permits
// nothing.
type Policy struct {
	Version uint64
	SHA256  string // of the file's bytes, in hex
	File    string

	catalog Catalog
	roles   []role       // in the file's order, as the two below
	holders []assignment // of [users] and [groups]
	denials []denial     // of [deny.users] and [deny.groups]

	// What follows is made of the above, for Allows.
	index  map[Permission]int // the bit of a permission
	anyone bits
	users  map[uint32]reach
	groups map[uint32]reach
}

type role struct {
	name   string
	grants []rule
}

// rule is a permission as the file writes it, and where.
type rule struct {
	Permission
	line int
}

// principal is a user or a group that the file names.
type principal struct {
	kind string // "user" or "group"
	name string
	id   uint32 // nobody, for a group of the built-in policy that this machine does not have
}

type assignment struct {
	principal
	roles []string
}

type denial struct {
	principal
	rules []rule
}

// is tells whether the actor is the user or in the group.
func (p principal) is(a Actor) bool {
	switch {
	case p.id == nobody:
		return false
	case p.kind == "user":
		return a.UID == p.id
	}
	return a.GID == p.id || slices.Contains(a.Groups, p.id)
}

// String reads "group stella-admin".
func (p principal) String() string { return p.kind + " " + p.name }

// Allows is the answer of Decide without its reasons: it neither formats nor allocates.
func (p *Policy) Allows(a Actor, want Permission) bool {
	i, ok := p.index[want]
	if !ok {
		return false
	}
	r := p.users[a.UID]
	granted, denied := p.anyone.has(i) || r.granted.has(i), r.denied.has(i)
	r = p.groups[a.GID]
	granted, denied = granted || r.granted.has(i), denied || r.denied.has(i)
	for _, g := range a.Groups {
		r = p.groups[g]
		granted, denied = granted || r.granted.has(i), denied || r.denied.has(i)
	}
	return granted && !denied
}

// Roles gives the names of the roles that the actor holds, sorted. "anyone" is always among them.
func (p *Policy) Roles(a Actor) []string {
	names := []string{anyone}
	for _, h := range p.holders {
		if h.is(a) {
			names = append(names, h.roles...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// anyone is the role that nobody is given, because all have it.
const anyone = "anyone"

func (p *Policy) role(name string) role {
	i := slices.IndexFunc(p.roles, func(r role) bool { return r.name == name })
	if i < 0 {
		return role{} // the parser refuses a role that is not defined
	}
	return p.roles[i]
}

// place gives a line of the file for a reason: without the folder, which is every time the same.
func (p *Policy) place(line int) string {
	return "(" + filepath.Base(p.File) + ":" + strconv.Itoa(line) + ")"
}
