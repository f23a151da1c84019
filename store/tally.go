package store

import (
	"github.com/dgraph-io/badger/v4"
)

// tally returns the heads as they are after the batch.
func (s *Store) tally(snap *badger.Txn, all *overlay) (map[string]head, error) {
	heads := map[string]head{}
	at := func(k *Keyspace) head {
		h, have := heads[k.id()]
		if have {
			return h
		}
		if h, have = all.heads[k.id()]; !have {
			h = s.head(k.id())
		}
		h.Kind, h.Version = k.kind, k.version
		h.Commits = max(h.Commits, s.head(k.id()).Commits) + 1
		return h
	}
	for id := range all.heads {
		heads[id] = at(s.keyspaces[id])
	}
	for k, f := range all.applied {
		h := at(k)
		h.Applied, h.Last = f.next, f.last
		heads[k.id()] = h
	}
	for key, sealed := range all.sealed {
		kind, name, _, _ := split([]byte(key))
		k := s.keyspaces[id(kind, name)]
		if k == nil || all.drop[k.id()] {
			continue // the store's own, or on its way out
		}
		old, err := raw(snap, key)
		if err != nil {
			return nil, err
		}
		h := at(k)
		h.replace(old, sealed)
		heads[k.id()] = h
	}
	return heads, nil
}

// replace accounts for a key that had the value old and now has sealed; nil is none.
func (h *head) replace(old, sealed []byte) {
	if old != nil {
		h.Count--
		h.Digest.xor(sealedSum(old))
	}
	if sealed != nil {
		h.Count++
		h.Digest.xor(sealedSum(sealed))
	}
}
