package access

import (
	"fmt"
	"slices"
)

// Decision is an answer and how the policy came to it.
type Decision struct {
	Allowed bool
	Reason  string   // one line: the rule that granted or denied, and where it stands
	Near    []string // of a denial: what came near, a line each
}

// Err is nil for what is allowed, and else wraps ErrDenied, with the reason.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDenied, d.Reason)
}

// Decide tells whether the actor has the permission, and why. Who needs no reasons asks Allows.
func (p *Policy) Decide(a Actor, want Permission) Decision {
	d := Decision{Allowed: p.Allows(a, want)}
	i, known := p.index[want]
	denial, denied := p.denial(a, want)
	grant, granted := p.grant(a, want)
	switch {
	case !known:
		d.Reason = p.catalog.unknown(want)
	case denied:
		d.Reason = denial
		if granted {
			d.Near = []string{"but for that: " + grant}
		}
	case p.anyone.has(i):
		d.Reason = "anyone has " + want.String()
	case granted:
		d.Reason = grant
	default:
		d.Reason = "no role that is held grants " + want.String()
		d.Near = append(p.held(a, want), p.granting(want)...)
	}
	return d
}

// denial finds the first rule that denies.
func (p *Policy) denial(a Actor, want Permission) (string, bool) {
	for _, d := range p.denials {
		for _, r := range d.rules {
			if d.is(a) && covers(r.Permission, want) {
				return fmt.Sprintf("denied by [deny.%ss] %q %s", d.kind, d.name, p.place(r.line)), true
			}
		}
	}
	return "", false
}

// grant finds the first rule that grants.
func (p *Policy) grant(a Actor, want Permission) (string, bool) {
	for _, h := range p.holders {
		if !h.is(a) {
			continue
		}
		for _, name := range h.roles {
			if r, ok := p.role(name).grant(want); ok {
				return fmt.Sprintf("role %s, held by %s, grants %s %s", name, h, r, p.place(r.line)), true
			}
		}
	}
	return "", false
}

func (r role) grant(want Permission) (rule, bool) {
	for _, g := range r.grants {
		if covers(g.Permission, want) {
			return g, true
		}
	}
	return rule{}, false
}

// held names the actor's roles that have another verb of the resource.
func (p *Policy) held(a Actor, want Permission) []string {
	var near []string
	for _, name := range p.Roles(a) {
		var has []string
		for _, verb := range p.catalog.verbs(want.Resource) {
			other := Permission{want.Resource, verb}
			if _, ok := p.role(name).grant(other); ok {
				has = append(has, other.String())
			}
		}
		if len(has) > 0 {
			near = append(near, fmt.Sprintf("role %s, which is held, has %s but not %s", name, list(has), want))
		}
	}
	return near
}

// granting names the roles that would do, and who holds them.
func (p *Policy) granting(want Permission) []string {
	var near []string
	for _, r := range p.roles {
		if _, ok := r.grant(want); ok {
			near = append(near, fmt.Sprintf("role %s grants it, and %s", r.name, p.holdersOf(r.name)))
		}
	}
	return near
}

func (p *Policy) holdersOf(role string) string {
	var who []string
	for _, h := range p.holders {
		if slices.Contains(h.roles, role) {
			who = append(who, h.String())
		}
	}
	switch len(who) {
	case 0:
		return "nobody holds it"
	case 1:
		return who[0] + " holds it"
	}
	return list(who) + " hold it"
}
