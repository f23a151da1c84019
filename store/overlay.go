package store

import (
	"maps"
	"slices"
	"strings"
)

// An overlay holds writes that are not in Badger yet, by Badger's key.
type overlay struct {
	sealed  map[string][]byte // nil: deleted
	applied map[*Keyspace]folded
	heads   map[string]head // by id: the head as it should be, before what is written here
	drop    map[string]bool // by id: the head goes, and with it the account of what is deleted here
	bytes   int
}

// folded is how far a view has come.
type folded struct {
	next uint64 // the sequence number of the next record
	last sum    // the checksum of the one before it
}

func newOverlay() *overlay {
	return &overlay{sealed: map[string][]byte{}, applied: map[*Keyspace]folded{}, heads: map[string]head{}, drop: map[string]bool{}}
}

func (o *overlay) set(key string, sealed []byte) {
	if old, have := o.sealed[key]; have {
		o.bytes -= len(key) + len(old)
	}
	o.sealed[key] = sealed
	o.bytes += len(key) + len(sealed)
}

func (o *overlay) empty() bool {
	return len(o.sealed) == 0 && len(o.applied) == 0 && len(o.heads) == 0 && len(o.drop) == 0
}

// merge lays p over o.
func (o *overlay) merge(p *overlay) {
	for key, sealed := range p.sealed {
		o.set(key, sealed)
	}
	maps.Copy(o.applied, p.applied)
	maps.Copy(o.heads, p.heads)
	maps.Copy(o.drop, p.drop)
}

// staged is one write of an overlay.
type staged struct {
	key    string
	sealed []byte // nil: deleted
}

// under returns the writes of layers, the later over the earlier, whose key begins with prefix and is not before from,
// in order.
func under(layers []*overlay, prefix, from string) []staged {
	merged := map[string][]byte{}
	for _, o := range layers {
		for key, sealed := range o.sealed {
			if strings.HasPrefix(key, prefix) && key >= from {
				merged[key] = sealed
			}
		}
	}
	all := make([]staged, 0, len(merged))
	for key, sealed := range merged {
		all = append(all, staged{key, sealed})
	}
	slices.SortFunc(all, func(a, b staged) int { return strings.Compare(a.key, b.key) })
	return all
}
