package store

import (
	"fmt"
	"strings"
)

// A Kind says what may become of a keyspace.
type Kind byte

// The kinds, as they stand in a key's first byte.
const (
	view    Kind = 'v'
	content Kind = 'c'
	cache   Kind = 'k'
	meta    Kind = 0 // the store's own: heads and the migrations' progress
)

func (k Kind) String() string {
	switch k {
	case view:
		return "view"
	case content:
		return "content"
	case cache:
		return "cache"
	}
	return "meta"
}

// A Fold applies one record of the audit log to its view. It must depend on nothing but the record and the rows: no
// clock, no configuration. It must keep neither rows nor record.
type Fold func(rows Rows, seq uint64, record []byte) error

// A Keyspace is a part of the store that has one owner. Only rows of it are ever read or written through it.
type Keyspace struct {
	name    string
	kind    Kind
	version uint32 // of a view's fold
	fold    Fold   // of a view
	prefix  string // of all its keys; no other keyspace's prefix begins with it
}

// View declares a fold of the audit log. Another version is another fold: the view is built anew.
func View(name string, version uint32, fold Fold) *Keyspace {
	return &Keyspace{name: name, kind: view, version: version, fold: fold, prefix: prefix(view, name)}
}

// Content declares a keyspace of what came from outside.
func Content(name string) *Keyspace {
	return &Keyspace{name: name, kind: content, prefix: prefix(content, name)}
}

// Cache declares a keyspace that may vanish, or go back to what it was before its last changes.
func Cache(name string) *Keyspace {
	return &Keyspace{name: name, kind: cache, prefix: prefix(cache, name)}
}

// Name returns the keyspace's name.
func (k *Keyspace) Name() string { return k.name }

// id is what heads and reports call a keyspace.
func (k *Keyspace) id() string { return id(k.kind, k.name) }

func id(kind Kind, name string) string { return string(rune(kind)) + name }

// prefix gives the keys of a keyspace their beginning. As the name's length stands before it, none begins another.
func prefix(kind Kind, name string) string {
	return string([]byte{byte(kind), byte(len(name))}) + name
}

// split takes a key of Badger apart.
func split(key []byte) (kind Kind, name string, rest []byte, ok bool) {
	if len(key) < 2 || len(key) < 2+int(key[1]) {
		return 0, "", nil, false
	}
	n := 2 + int(key[1])
	return Kind(key[0]), string(key[2:n]), key[n:], true
}

// maxName bounds a keyspace's name, in bytes.
const maxName = 64

// nameChars are what a keyspace's name is made of.
const nameChars = "abcdefghijklmnopqrstuvwxyz0123456789-._/"

// declare returns the keyspaces by id, or refuses those that are ill named or collide.
func declare(keyspaces []*Keyspace) (map[string]*Keyspace, error) {
	names, byID := map[string]bool{}, map[string]*Keyspace{}
	for _, k := range keyspaces {
		switch {
		case k.name == "" || len(k.name) > maxName || strings.Trim(k.name, nameChars) != "":
			return nil, fmt.Errorf("%w: %q is no name of 1 to %d of %s", ErrKeyspace, k.name, maxName, nameChars)
		case k.kind == view && k.fold == nil:
			return nil, fmt.Errorf("%w: view %s has no fold", ErrKeyspace, k.name)
		case names[k.name]:
			return nil, fmt.Errorf("%w: %s is declared twice", ErrKeyspace, k.name)
		}
		names[k.name], byID[k.id()] = true, k
	}
	return byID, nil
}
