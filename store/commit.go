package store

import (
	"fmt"
	"maps"

	"github.com/dgraph-io/badger/v4"
)

// write commits a batch. An error from Badger ends all writing: what stands in its files is then uncertain, until the
// next start reads them.
func (s *Store) write(snap *badger.Txn, all *overlay) error {
	if all.empty() {
		return nil
	}
	if err := s.Broken(); err != nil {
		return err
	}
	if err := s.space.check(); err != nil && !s.rooms.holds(all) {
		return err
	}
	heads, err := s.tally(snap, all)
	if err != nil {
		return err
	}
	if err := s.commit(all, heads); err != nil {
		return s.breaks(err)
	}
	if err := s.rooms.wrote(all); err != nil {
		return s.breaks(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range all.drop {
		delete(s.heads, id)
	}
	maps.Copy(s.heads, heads)
	return nil
}

// commit makes a batch durable, as far as its keyspaces ask for it.
func (s *Store) commit(all *overlay, heads map[string]head) error {
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	if err := fill(txn, all, heads); err != nil {
		return err
	}
	// A crash before Sync returns leaves the batch whole or not at all in Badger: the log of its memtable ends with the
	// transaction's mark or is cut before it. Nobody was answered.
	if err := txn.Commit(); err != nil {
		return err
	}
	durable := false
	for id, h := range heads {
		if h.Kind == content {
			s.outside.o.Content[id], durable = h, true
		}
	}
	if !durable {
		return nil
	}
	if err := s.db.Sync(); err != nil {
		return err
	}
	// A crash here leaves the copy of the heads one commit behind Badger, which is no loss.
	return s.outside.save()
}

func fill(txn *badger.Txn, all *overlay, heads map[string]head) error {
	for key, sealed := range all.sealed {
		if err := set(txn, key, sealed); err != nil {
			return err
		}
	}
	for id := range all.drop {
		if err := txn.Delete([]byte(headKey(id))); err != nil {
			return err
		}
	}
	for id, h := range heads {
		if err := txn.Set([]byte(headKey(id)), h.seal(id)); err != nil {
			return err
		}
	}
	return nil
}

func set(txn *badger.Txn, key string, sealed []byte) error {
	if sealed == nil {
		return txn.Delete([]byte(key))
	}
	return txn.Set([]byte(key), sealed)
}

// breaks ends all writing.
func (s *Store) breaks(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	return s.broken
}

// Broken returns nil, or an ErrBroken that says why nothing is written any more.
func (s *Store) Broken() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.broken
}

// head returns the head of a keyspace, as committed; a zero one where it has none.
func (s *Store) head(id string) head {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.heads[id]
}
