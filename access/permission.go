package access

import (
	"fmt"
	"slices"
	"strings"
)

// Permission is one verb on one resource.
type Permission struct{ Resource, Verb string }

// String reads "keys:rotate".
func (p Permission) String() string { return p.Resource + ":" + p.Verb }

// reload is what mends a policy: without anybody who has it, a file is refused.
var reload = Permission{"access", "reload"}

// Operation is a permission that some method of the API asks for.
type Operation struct {
	Permission
	Sockets []string // "admin", "verify"
	Anyone  bool     // whoever the socket's mode lets in has it, without a role; deny rules still win
	Methods []string // full names, for the matrix
}

// Catalog is every operation that exists. A permission not in it is unknown: nobody can be granted it. One that stands in
// it twice is anyone's only if it is both times.
type Catalog []Operation

func (c Catalog) resources() []string {
	var names []string
	for _, op := range c {
		names = append(names, op.Resource)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c Catalog) verbs(resource string) []string {
	var names []string
	for _, op := range c {
		if op.Resource == resource {
			names = append(names, op.Verb)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unknown says that a permission is in no catalog, and which was meant.
func (c Catalog) unknown(p Permission) string {
	verbs := c.verbs(p.Resource)
	if len(verbs) == 0 {
		return fmt.Sprintf("there is no resource %q%s", p.Resource, suggest(p.Resource, c.resources()))
	}
	hint := suggest(p.Verb, verbs)
	if hint == "" {
		hint = "; it has " + list(verbs)
	}
	return fmt.Sprintf("%s has no verb %q%s", p.Resource, p.Verb, hint)
}

// covers tells whether a permission as the file writes it, either part "*", means this one.
func covers(pattern, p Permission) bool {
	return (pattern.Resource == "*" || pattern.Resource == p.Resource) && (pattern.Verb == "*" || pattern.Verb == p.Verb)
}

// parsePattern gives what is wrong with the text, or "".
func parsePattern(text string, catalog Catalog) (Permission, string) {
	resource, verb, ok := strings.Cut(text, ":")
	p := Permission{resource, verb}
	switch {
	case !ok || resource == "" || verb == "":
		return p, fmt.Sprintf("%q is no permission: write resource:verb, resource:* or *:*", text)
	case resource == "*" && verb != "*":
		return p, fmt.Sprintf("%q: a verb of all resources cannot be named; write each resource:%s", text, verb)
	case resource == "*", slices.ContainsFunc(catalog, func(op Operation) bool { return covers(p, op.Permission) }):
		return p, ""
	}
	return p, fmt.Sprintf("%q: %s", text, catalog.unknown(p))
}
