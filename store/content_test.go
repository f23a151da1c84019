package store

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestDoubts: content that is not what was written is doubted, at each start, until it is settled.
func TestDoubts(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(*testing.T, *Store)
		why    string
		bad    bool
	}{
		"gone":     {direct(tiles.prefix+"a", nil), "1 keys where there should be 2", false},
		"back":     {direct(tiles.prefix+"c", seal(tiles.prefix+"c", nil)), "3 keys where there should be 2", false},
		"changed":  {direct(tiles.prefix+"a", seal(tiles.prefix+"a", []byte("2"))), "not those that were written", false},
		"moved":    {direct(tiles.prefix+"a", seal(tiles.prefix+"b", []byte("1"))), "1 of 2 values fail their checksum", true},
		"damaged":  {direct(tiles.prefix+"a", []byte("0123456789abcdef1")), "1 of 2 values fail their checksum", true},
		"cut":      {direct(tiles.prefix+"a", []byte("012")), "1 of 2 values fail their checksum", true},
		"empty":    {direct(tiles.prefix+"a", []byte{}), "1 of 2 values fail their checksum", true},
		"no head":  {direct(headKey(tiles.id()), nil), "2 keys have no head", false},
		"bad head": {direct(headKey(tiles.id()), []byte("junk")), "its head is damaged", false},
	} {
		t.Run(name, func(t *testing.T) {
			o := opts(t.TempDir())
			s := mustOpen(t, o)
			put(t, s, tiles, "a", "1")
			put(t, s, tiles, "b", "1")
			c.tamper(t, s)
			if _, err := get(s, tiles, "a"); c.bad && !errors.Is(err, ErrDamaged) {
				t.Errorf("Get of what is damaged: %v", err)
			}
			if _, err := all(s, tiles); c.bad && !errors.Is(err, ErrDamaged) {
				t.Errorf("Each over what is damaged: %v", err)
			}
			for range 2 {
				mustClose(t, s)
				s = mustOpen(t, o)
				if d := s.Doubts(); len(d) != 1 || d[0].Keyspace != "tiles" || !strings.Contains(d[0].Why, c.why) {
					t.Errorf("doubts %v, not %q", d, c.why)
				}
				put(t, s, tiles, "z", "1")
			}
			if err := s.Settle(context.Background(), tiles); errors.Is(err, ErrDamaged) != c.bad {
				t.Errorf("Settle: %v", err)
			}
			put(t, s, tiles, "a", "1")
			if err := s.Settle(context.Background(), tiles); err != nil {
				t.Error(err)
			}
			mustClose(t, s)
			if d := mustOpen(t, o).Doubts(); len(d) > 0 {
				t.Errorf("settled, and doubted again: %v", d)
			}
		})
	}
	s := mustOpen(t, opts(t.TempDir()))
	for _, k := range []*Keyspace{words, notes, Content("other"), Content("tiles")} {
		if err := s.Settle(context.Background(), k); !errors.Is(err, ErrKeyspace) {
			t.Errorf("Settle of %v %s: %v", k.kind, k.name, err)
		}
	}
}

// TestEachCounts: a key that Badger leaves out of a whole keyspace is told at once.
func TestEachCounts(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	put(t, s, tiles, "a", "1")
	put(t, s, tiles, "b", "1")
	direct(tiles.prefix+"a", nil)(t, s)
	if got, err := all(s, tiles); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, %v", got, err)
	}
	if err := s.Update(context.Background(), func(tx *Tx) error {
		return errors.Join(tx.In(tiles).Put([]byte("c"), nil), tx.In(tiles).Each(nil, nil, func(_, _ []byte) error { return nil }))
	}); !errors.Is(err, ErrDamaged) {
		t.Errorf("in Update: %v", err)
	}
}

// TestDamagedCache: a cache that is not what was written goes.
func TestDamagedCache(t *testing.T) {
	o := opts(t.TempDir())
	s := mustOpen(t, o)
	put(t, s, notes, "a", "1")
	put(t, s, notes, "b", "1")
	direct(notes.prefix+"a", nil)(t, s)
	mustClose(t, s)
	s = mustOpen(t, o)
	if got, err := all(s, notes); len(got) > 0 || err != nil || strings.Join(s.Opening().Dropped, "") != "cache notes" {
		t.Errorf("%v, %v, %+v", got, err, s.Opening())
	}
}
