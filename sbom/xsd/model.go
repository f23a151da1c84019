package xsd

import (
	"fmt"
	"slices"
)

type name struct{ space, local string }

// particle is what may stand at one place of a content model: an element, or
// any element of another namespace.
type particle struct {
	local    string // in the target namespace; empty for any other
	element  *element
	wildcard bool
}

// model is a content model as an automaton: its states are the particle that
// was matched last, and -1 before any (Glushkov). XSD demands that a name
// leads to one particle at most, and newModel refuses a model where it does not.
type model struct {
	particles []particle
	first     []int
	follow    [][]int
	last      map[int]bool
	empty     bool // nothing at all will do
}

// piece is a part of a model while it is put together.
type piece struct {
	first, last []int
	empty       bool
}

func (m *model) leaf(p particle) piece {
	m.particles = append(m.particles, p)
	m.follow = append(m.follow, nil)
	at := []int{len(m.particles) - 1}
	return piece{first: at, last: at}
}

func (m *model) sequence(parts []piece) piece {
	all := piece{empty: true}
	for _, part := range parts {
		m.join(all.last, part.first)
		if all.empty {
			all.first = union(all.first, part.first)
		}
		if part.empty {
			all.last = union(all.last, part.last)
		} else {
			all.last = part.last
		}
		all.empty = all.empty && part.empty
	}
	return all
}

func (m *model) choice(parts []piece) piece {
	var all piece
	for _, part := range parts {
		all.first = union(all.first, part.first)
		all.last = union(all.last, part.last)
		all.empty = all.empty || part.empty
	}
	return all
}

// occurs applies minOccurs and maxOccurs, of which 0, 1 and unbounded are read.
func (m *model) occurs(n *node, part piece) (piece, error) {
	switch n.attrs["minOccurs"] {
	case "0":
		part.empty = true
	case "", "1":
	default:
		return part, fmt.Errorf("minOccurs=%s is not read", n.attrs["minOccurs"])
	}
	switch n.attrs["maxOccurs"] {
	case "unbounded":
		m.join(part.last, part.first)
	case "", "1":
	default:
		return part, fmt.Errorf("maxOccurs=%s is not read", n.attrs["maxOccurs"])
	}
	return part, nil
}

func (m *model) join(from, to []int) {
	for _, at := range from {
		m.follow[at] = union(m.follow[at], to)
	}
}

func union(a, b []int) []int {
	for _, one := range b {
		if !slices.Contains(a, one) {
			a = append(a[:len(a):len(a)], one)
		}
	}
	return a
}

// finish closes the model around its outermost piece.
func (m *model) finish(whole piece) error {
	m.first, m.empty, m.last = whole.first, whole.empty, map[int]bool{}
	for _, at := range whole.last {
		m.last[at] = true
	}
	for _, next := range append(m.follow, m.first) {
		seen := map[string]bool{}
		for _, at := range next {
			if seen[m.particles[at].local] {
				return fmt.Errorf("the content model leaves open which %q is meant", m.particles[at].local)
			}
			seen[m.particles[at].local] = true
		}
	}
	return nil
}

// next gives the state after an element, or -1 where none may stand.
func (m *model) next(state int, target string, n name) int {
	for _, at := range m.after(state) {
		p := m.particles[at]
		if p.wildcard && n.space != target && n.space != "" || !p.wildcard && n.space == target && n.local == p.local {
			return at
		}
	}
	return -1
}

func (m *model) after(state int) []int {
	if state < 0 {
		return m.first
	}
	return m.follow[state]
}

func (m *model) mayEnd(state int) bool {
	return state < 0 && m.empty || state >= 0 && m.last[state]
}
