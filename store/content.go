package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Doubt is content of which something went missing.
type Doubt struct {
	Keyspace string
	Why      string
}

// Doubts returns all doubts, by keyspace. They outlast a restart, until Settle.
func (s *Store) Doubts() (all []Doubt) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(s.heads)) {
		if h := s.heads[id]; h.Doubt != "" {
			all = append(all, Doubt{s.keyspaces[id].name, h.Doubt})
		}
	}
	return all
}

// Settle ends a doubt: the owner of c has put again what was missing, or has said that it is gone. Values that still
// fail their checksum are ErrDamaged; they have to be put again or deleted.
func (s *Store) Settle(ctx context.Context, c *Keyspace) error {
	if s.keyspaces[c.id()] != c || c.kind != content {
		return fmt.Errorf("%w: %s is no content of this store", ErrKeyspace, c.name)
	}
	return s.Update(ctx, func(tx *Tx) error {
		h, err := tx.count(c)
		if err == nil {
			tx.own().heads[c.id()] = h
		}
		return err
	})
}

// count makes a head of what a keyspace has in Badger.
func (t *Tx) count(k *Keyspace) (head, error) {
	var f found
	err := scan(t.snap, k.prefix, k.prefix, func(full string, sealed []byte) error {
		f.add(full, sealed)
		return nil
	})
	if err == nil && f.Bad > 0 {
		err = fmt.Errorf("%w: %d values of %s", ErrDamaged, f.Bad, k.name)
	}
	return head{Count: f.Count, Digest: f.Digest}, err
}

// add accounts for a key. The checksum of a damaged value counts as it stands, so that replacing the value takes it
// away again.
func (f *found) add(full string, sealed []byte) {
	f.Count++
	f.Digest.xor(sealedSum(sealed))
	if _, err := unseal(full, sealed); err != nil {
		f.Bad++
	}
}

// doubts gives the reasons of a doubt once each.
func doubts(reasons ...string) string {
	var all []string
	for _, reason := range reasons {
		if reason != "" && !strings.Contains(strings.Join(all, "; "), reason) {
			all = append(all, reason)
		}
	}
	return strings.Join(all, "; ")
}
