package store

import (
	"context"
	"fmt"
)

// Apply folds the record that was just appended to the log into all views, in one transaction. Every view must be
// proved and have all records before seq.
func (s *Store) Apply(ctx context.Context, seq uint64, record []byte) error {
	return s.Update(ctx, func(tx *Tx) error {
		for _, k := range s.keyspaces {
			if k.kind != view {
				continue
			}
			if !s.proved(k) {
				return fmt.Errorf("%w: %s", ErrUnproved, k.name)
			}
			if err := tx.apply(k, seq, record); err != nil {
				return fmt.Errorf("view %s: %w", k.name, err)
			}
		}
		return nil
	})
}

// apply folds one record. The effects and how far the view has come commit together.
func (t *Tx) apply(v *Keyspace, seq uint64, record []byte) error {
	if next := t.applied(v); seq != next {
		return fmt.Errorf("%w: record %d where %d is next", ErrGap, seq, next)
	}
	effects, err := t.effects(v, seq, record)
	if err != nil {
		return fmt.Errorf("record %d: %w", seq, err)
	}
	own := t.own()
	if len(own.sealed)+len(effects.sealed) > maxTxKeys || own.bytes+effects.bytes > maxTxBytes {
		return fmt.Errorf("%w: the effects of record %d", ErrTooBig, seq)
	}
	own.merge(effects)
	own.applied[v] = folded{seq + 1, sumOf(v.id(), record)}
	return nil
}

// effects runs the fold and returns what it wrote.
func (t *Tx) effects(v *Keyspace, seq uint64, record []byte) (*overlay, error) {
	wrote := newOverlay()
	t.fold, t.layers = v, append(t.layers, wrote)
	defer func() { t.fold, t.layers = nil, t.layers[:len(t.layers)-1] }()
	return wrote, v.fold(t.In(v), seq, record)
}

func (t *Tx) applied(v *Keyspace) uint64 {
	for i := len(t.layers) - 1; i >= 0; i-- {
		if f, have := t.layers[i].applied[v]; have {
			return f.next
		}
	}
	return t.s.head(v.id()).Applied
}

// Applied returns how many records a view has folded.
func (s *Store) Applied(v *Keyspace) uint64 { return s.head(v.id()).Applied }

func (s *Store) proved(v *Keyspace) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.proofs[v]
}

func (s *Store) prove(v *Keyspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proofs[v] = true
}
