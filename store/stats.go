package store

import (
	"maps"
	"slices"
)

// Stats is how a store stands.
type Stats struct {
	Bytes     int64 // of Badger on the disk, as it counts them itself from time to time
	Free      int64 // bytes free on the disk
	Floor     int64 // bytes that must stay free
	Keyspaces []KeyspaceStats
}

// KeyspaceStats is how a keyspace stands.
type KeyspaceStats struct {
	Name    string
	Kind    string
	Count   uint64 // keys
	Applied uint64 // of a view: records folded
	Proved  bool   // of a view: Catch proved it
	Doubt   string // of content
}

// Stats returns how s stands.
func (s *Store) Stats() (Stats, error) {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.gone {
		return Stats{}, ErrClosed
	}
	now := space{dir: s.dir}
	if err := now.ask(); err != nil {
		return Stats{}, err
	}
	lsm, vlog := s.db.Size()
	st := Stats{Bytes: lsm + vlog, Free: now.free, Floor: s.space.floor}
	for _, id := range slices.Sorted(maps.Keys(s.keyspaces)) {
		k, h := s.keyspaces[id], s.head(id)
		st.Keyspaces = append(st.Keyspaces, KeyspaceStats{k.name, k.kind.String(), h.Count, h.Applied, s.proved(k), h.Doubt})
	}
	return st, nil
}
