package access

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// entry is one key of a table, and its list.
type entry struct {
	path   []string // in the document, the key last
	name   string
	values []string
	line   int
}

// entries gives a table's in the file's order, so that the first fault is the one that is told. An empty list and a
// value twice are refused: either is a slip of the pen.
func (p *parser) entries(table map[string][]string, path ...string) ([]entry, error) {
	var all []entry
	for name, values := range table {
		at := append(slices.Clone(path), name)
		all = append(all, entry{path: at, name: name, values: values, line: p.lines.Of(at...)})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(a.line-b.line, cmp.Compare(a.name, b.name)) })
	for _, e := range all {
		if len(e.values) == 0 {
			return nil, p.refuse(e.line, "%q has nothing in its list: fill it or take the line out", e.name)
		}
		for i, v := range e.values {
			if slices.Contains(e.values[:i], v) {
				return nil, p.refuse(p.valueLine(e, i), "%q stands twice in the list of %q: keep one", v, e.name)
			}
		}
	}
	return all, nil
}

func (p *parser) valueLine(e entry, i int) int {
	return p.lines.Of(append(slices.Clone(e.path), strconv.Itoa(i))...)
}

func (p *parser) rules(e entry) ([]rule, error) {
	var rules []rule
	for i, text := range e.values {
		permission, fault := parsePattern(text, p.catalog)
		if fault != "" {
			return nil, p.refuse(p.valueLine(e, i), "%s", fault)
		}
		rules = append(rules, rule{permission, p.valueLine(e, i)})
	}
	return rules, nil
}

var roleName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func (p *parser) defineRoles() error {
	all, err := p.entries(p.doc.Roles, "roles")
	if err != nil {
		return err
	}
	for _, e := range all {
		switch {
		case e.name == anyone:
			return p.refuse(e.line, "the role name %q is taken: it is what all have without a role; name this one otherwise", anyone)
		case !roleName.MatchString(e.name):
			return p.refuse(e.line, "role name %q: write small letters, digits and -, a letter first", e.name)
		}
		rules, err := p.rules(e)
		if err != nil {
			return err
		}
		p.roles = append(p.roles, role{e.name, rules})
	}
	return nil
}

func (p *parser) assignRoles() error {
	for _, table := range []struct {
		kind  string
		names map[string][]string
	}{{"user", p.doc.Users}, {"group", p.doc.Groups}} {
		all, err := p.entries(table.names, table.kind+"s")
		if err != nil {
			return err
		}
		principals, err := p.resolve(table.kind, all)
		if err != nil {
			return err
		}
		for i, e := range all {
			if err := p.defined(e); err != nil {
				return err
			}
			p.holders = append(p.holders, assignment{principals[i], e.values})
		}
	}
	return nil
}

func (p *parser) defined(e entry) error {
	var names []string
	for _, r := range p.roles {
		names = append(names, r.name)
	}
	for i, name := range e.values {
		if name == anyone {
			return p.refuse(p.valueLine(e, i), "role %q need not be given: all have it", anyone)
		}
		if !slices.Contains(names, name) {
			return p.refuse(p.valueLine(e, i), "role %q is not defined in [roles]%s", name, suggest(name, names))
		}
	}
	return nil
}

func (p *parser) denyRules() error {
	for _, table := range []struct {
		kind  string
		names map[string][]string
	}{{"user", p.doc.Deny.Users}, {"group", p.doc.Deny.Groups}} {
		all, err := p.entries(table.names, "deny", table.kind+"s")
		if err != nil {
			return err
		}
		principals, err := p.resolve(table.kind, all)
		if err != nil {
			return err
		}
		for i, e := range all {
			rules, err := p.rules(e)
			if err != nil {
				return err
			}
			p.denials = append(p.denials, denial{principals[i], rules})
		}
	}
	return nil
}

// resolve finds whom a table's entries name. Two that name one are refused: one of them would be overlooked by who
// reads the file.
func (p *parser) resolve(kind string, all []entry) ([]principal, error) {
	lookup, file, prefix := p.local.uid, "/etc/passwd", "uid"
	if kind == "group" {
		lookup, file, prefix = p.local.gid, "/etc/group", "gid"
	}
	first := map[uint32]entry{}
	var found []principal
	for _, e := range all {
		id, ok := lookup(e.name)
		before, twice := first[id]
		switch {
		case !ok && kind == "group" && p.passAbsent:
			id = nobody
		case !ok:
			return nil, p.refuse(e.line, "%s", unresolved(kind, e.name, file, prefix))
		case twice:
			return nil, p.refuse(e.line, "%q is %q of line %d again (%s %d): keep one", e.name, before.name, before.line, prefix, id)
		default:
			first[id] = e
		}
		found = append(found, principal{kind, e.name, id})
	}
	return found, nil
}

func unresolved(kind, name, file, prefix string) string {
	return fmt.Sprintf("there is no %s %q in %s: correct the name, or write %q with the number of one that a directory has", kind, name, file, prefix+":N")
}
