package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Catch brings a view up to the log's size: afterwards it equals the fold of the records 0 to size-1, and may be read.
// replay calls apply with the records from from on, in order, up to size, and returns the error that apply gives it: it
// is also asked for the last record that the view has, and stopped after it.
//
// rebuilt is set where the view was dropped and folded from record 0 again because it could not show that it equals the
// fold; why says what was wrong. A view that is new is built, and why is "". An error leaves the view unproved.
func (s *Store) Catch(ctx context.Context, v *Keyspace, size uint64,
	replay func(from uint64, apply func(seq uint64, record []byte) error) error,
) (rebuilt bool, why string, err error) {
	if s.keyspaces[v.id()] != v || v.kind != view {
		return false, "", fmt.Errorf("%w: %s is no view of this store", ErrKeyspace, v.name)
	}
	why = s.mistrust(v, size)
	if why == "" {
		if why, err = s.otherLog(v, replay); err != nil {
			return false, "", fmt.Errorf("view %s: %w", v.name, err)
		}
	}
	if why != "" {
		if err := s.drop(ctx, v); err != nil {
			return false, why, err
		}
	}
	c := &catching{s: s, ctx: ctx, view: v, size: size, next: s.head(v.id()).Applied}
	if c.next < size {
		err = replay(c.next, c.apply)
	}
	if err == nil {
		err = c.flush()
	}
	if err == nil && c.next != size {
		err = fmt.Errorf("%w: %s has %d of %d", ErrGap, v.name, c.next, size)
	}
	if err != nil {
		return why != "", why, fmt.Errorf("view %s: %w", v.name, err)
	}
	s.prove(v)
	return why != "", why, nil
}

// mistrust tells why a view does not equal the fold; "" where it does, as far as it goes, or is new.
func (s *Store) mistrust(v *Keyspace, size uint64) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	h, have := s.heads[v.id()]
	switch {
	case s.suspect[v] != "":
		return s.suspect[v]
	case have && h.Version != v.version:
		return fmt.Sprintf("version %d of its fold made it, and this is version %d", h.Version, v.version)
	case h.Applied > size:
		return fmt.Sprintf("it has %d records, the log %d", h.Applied, size)
	}
	return ""
}

// otherLog tells whether the last record that a view has folded is another in the log: a log that was put back as it
// was, and went on from there, may have grown as long as the one that the view folded.
func (s *Store) otherLog(v *Keyspace, replay func(uint64, func(uint64, []byte) error) error) (why string, err error) {
	h := s.head(v.id())
	if h.Applied == 0 {
		return "", nil
	}
	asked := false
	err = replay(h.Applied-1, func(seq uint64, record []byte) error {
		if asked = seq == h.Applied-1; !asked {
			return fmt.Errorf("%w: record %d where %d was asked for", ErrGap, seq, h.Applied-1)
		}
		if sumOf(v.id(), record) != h.Last {
			why = fmt.Sprintf("record %d of the log is not the one that it has folded", seq)
		}
		return errEnough
	})
	if asked {
		return why, nil
	}
	if err == nil {
		err = fmt.Errorf("%w: record %d is not there", ErrGap, h.Applied-1)
	}
	return "", err
}

// drop deletes a view. Its head goes first: a crash in the middle leaves a view without one, which is dropped again.
func (s *Store) drop(ctx context.Context, k *Keyspace) error {
	for more := true; more; {
		err := s.Update(ctx, func(tx *Tx) error {
			keys, err := someKeys(tx, k.prefix)
			for _, key := range keys {
				tx.own().set(key, nil)
			}
			tx.own().drop[k.id()] = true
			more = len(keys) > 0
			return err
		})
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.suspect, k)
	return nil
}

// someKeys returns as many keys under prefix as a transaction takes.
func someKeys(tx *Tx, prefix string) (keys []string, err error) {
	bytes := 0
	err = scan(tx.snap, prefix, prefix, func(full string, _ []byte) error {
		if len(keys) == maxTxKeys || bytes > maxTxBytes {
			return errEnough
		}
		keys, bytes = append(keys, full), bytes+len(full)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return keys, err
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// A catching packs records into transactions.
type catching struct {
	s          *Store
	ctx        context.Context
	view       *Keyspace
	size, next uint64 // next is the record to come, behind those that wait
	waiting    [][]byte
	bytes      int
}

func (c *catching) apply(seq uint64, record []byte) error {
	if seq != c.next || seq >= c.size {
		return fmt.Errorf("%w: record %d where %d of %d is next", ErrGap, seq, c.next, c.size)
	}
	c.waiting = append(c.waiting, slices.Clone(record))
	c.next++
	if c.bytes += len(record); len(c.waiting) < maxOps && c.bytes < maxTxBytes/2 {
		return nil
	}
	return c.flush()
}

// flush folds what waits, as many records in a transaction as it holds.
func (c *catching) flush() error {
	for len(c.waiting) > 0 {
		n := 0
		err := c.s.Update(c.ctx, func(tx *Tx) (err error) {
			first := c.next - uint64(len(c.waiting))
			for n < len(c.waiting) && err == nil {
				if err = tx.apply(c.view, first+uint64(n), c.waiting[n]); err == nil {
					n++
				}
			}
			if n > 0 && errors.Is(err, ErrTooBig) {
				return nil // the rest in another transaction
			}
			return err
		})
		if err != nil {
			return err
		}
		c.waiting = c.waiting[n:]
	}
	c.waiting, c.bytes = nil, 0
	return nil
}
