package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func sameView(t *testing.T, s *Store, log []string) {
	t.Helper()
	got, err := all(s, words)
	if want := foldModel(log); err != nil || !maps.Equal(got, want) {
		t.Errorf("the view has %d keys, the fold %d, %v", len(got), len(want), err)
	}
}

// TestCatch: a view follows the log, across restarts, by Catch and by Apply.
func TestCatch(t *testing.T) {
	o, log := opts(t.TempDir()), someLog(2000)
	s := mustOpen(t, o)
	mustCatch(t, s, log[:700])
	sameView(t, s, log[:700])
	for i := 700; i < 1000; i++ {
		if err := s.Apply(context.Background(), uint64(i), []byte(log[i])); err != nil {
			t.Fatal(err)
		}
	}
	sameView(t, s, log[:1000])
	mustClose(t, s)
	s = mustOpen(t, o)
	mustCatch(t, s, log)
	sameView(t, s, log)
	if got := s.Applied(words); got != 2000 {
		t.Errorf("%d records", got)
	}
}

// TestRebuilt: a view that cannot be the fold is built anew, and says why.
func TestRebuilt(t *testing.T) {
	log := someLog(900)
	for name, c := range map[string]struct {
		tamper  func(*testing.T, *Store)
		version uint32
		size    int
		why     string
	}{
		"another version": {nil, 2, 900, "version 1 of its fold made it, and this is version 2"},
		"an older log":    {nil, 1, 800, "it has 900 records, the log 800"},
		"an empty log":    {nil, 1, 0, "it has 900 records, the log 0"},
		"a key gone":      {direct(words.prefix+"word1", nil), 1, 900, "keys where there should be"},
		"a key back":      {direct(words.prefix+"ghost", seal(words.prefix+"ghost", []byte("12345678"))), 1, 900, "keys where there should be"},
		"a value changed": {direct(words.prefix+"word1", seal(words.prefix+"word1", []byte("12345678"))), 1, 900, "not those that were written"},
		"a value damaged": {direct(words.prefix+"word1", []byte("0123456789abcdef12345678")), 1, 900, "fail their checksum"},
		"a value cut":     {direct(words.prefix+"word1", []byte("0123")), 1, 900, "fail their checksum"},
		"no head":         {direct(headKey(words.id()), nil), 1, 900, "keys have no head"},
		"a damaged head":  {direct(headKey(words.id()), []byte("0123456789abcdef{}")), 1, 900, "its head is damaged"},
		"an old head":     {direct(headKey(words.id()), head{Kind: view, Version: 1, Applied: 10, Count: 9}.seal(words.id())), 1, 900, "keys where there should be 9"},
	} {
		t.Run(name, func(t *testing.T) {
			o := opts(t.TempDir())
			s := mustOpen(t, o)
			mustCatch(t, s, log)
			if c.tamper != nil {
				c.tamper(t, s)
			}
			mustClose(t, s)
			v := View("words", c.version, foldWords)
			o.Keyspaces = []*Keyspace{v, tiles, notes}
			s = mustOpen(t, o)
			if _, err := all(s, v); !errors.Is(err, ErrUnproved) {
				t.Errorf("read before Catch: %v", err)
			}
			rebuilt, why, err := catch(s, v, log[:c.size])
			if err != nil || !rebuilt || !strings.Contains(why, c.why) {
				t.Errorf("rebuilt %t, %q, %v; not %q", rebuilt, why, err, c.why)
			}
			got, err := all(s, v)
			if err != nil || !maps.Equal(got, foldModel(log[:c.size])) {
				t.Errorf("%d keys, %v", len(got), err)
			}
			mustClose(t, s)
			if rebuilt, why, err := catch(mustOpen(t, o), v, log[:c.size]); rebuilt || err != nil {
				t.Errorf("once more: rebuilt %t, %q, %v", rebuilt, why, err)
			}
		})
	}
}

// TestOtherLog: a view that folded another log is built anew, be this one as long or longer.
func TestOtherLog(t *testing.T) {
	log := someLog(300)
	for _, size := range []int{200, 201, 300} {
		o := opts(t.TempDir())
		s := mustOpen(t, o)
		other := append(slices.Clone(log[:190]), log[200:210]...)
		mustCatch(t, s, other)
		mustClose(t, s)
		s = mustOpen(t, o)
		rebuilt, why, err := catch(s, words, log[:size])
		if err != nil || !rebuilt || !strings.Contains(why, "record 199 of the log is not the one") {
			t.Errorf("%d records: rebuilt %t, %q, %v", size, rebuilt, why, err)
		}
		sameView(t, s, log[:size])
	}
}

// TestCatchAsks: a log that does not give the record that it is asked for proves no view.
func TestCatchAsks(t *testing.T) {
	log, sentinel := someLog(20), errors.New("sentinel")
	for name, c := range map[string]struct {
		want   error
		replay func(from uint64, a func(uint64, []byte) error) error
	}{
		"nothing": {ErrGap, func(uint64, func(uint64, []byte) error) error { return nil }},
		"another": {ErrGap, func(from uint64, a func(uint64, []byte) error) error { return a(from+1, []byte(log[from+1])) }},
		"before":  {ErrGap, func(from uint64, a func(uint64, []byte) error) error { return a(from-1, []byte(log[from-1])) }},
		"fails":   {sentinel, func(uint64, func(uint64, []byte) error) error { return sentinel }},
	} {
		o := opts(t.TempDir())
		s := mustOpen(t, o)
		mustCatch(t, s, log[:10])
		mustClose(t, s)
		s = mustOpen(t, o)
		if rebuilt, _, err := s.Catch(context.Background(), words, 20, c.replay); rebuilt || !errors.Is(err, c.want) {
			t.Errorf("%s: rebuilt %t, %v", name, rebuilt, err)
		}
		if _, err := all(s, words); !errors.Is(err, ErrUnproved) {
			t.Errorf("%s: it can be read: %v", name, err)
		}
		mustCatch(t, s, log)
	}
}

// direct writes to Badger behind the store's back.
func direct(key string, sealed []byte) func(*testing.T, *Store) {
	return func(t *testing.T, s *Store) {
		txn := s.db.NewTransaction(true)
		defer txn.Discard()
		if err := errors.Join(set(txn, key, sealed), txn.Commit()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCatchRefuses: a log that is not whole, and a fold that fails, leave the view unproved.
func TestCatchRefuses(t *testing.T) {
	log := someLog(20)
	sentinel := errors.New("sentinel")
	record := func(apply func(uint64, []byte) error, seqs ...uint64) error {
		for _, i := range seqs {
			if err := apply(i, []byte(log[i])); err != nil {
				return err
			}
		}
		return nil
	}
	type apply = func(uint64, []byte) error
	for name, c := range map[string]struct {
		want   error
		replay func(uint64, apply) error
	}{
		"nothing comes":    {ErrGap, func(uint64, apply) error { return nil }},
		"the end misses":   {ErrGap, func(_ uint64, a apply) error { return record(a, 0, 1, 2) }},
		"one misses":       {ErrGap, func(_ uint64, a apply) error { return record(a, 0, 1, 3, 4) }},
		"the first misses": {ErrGap, func(_ uint64, a apply) error { return record(a, 1, 2, 3, 4) }},
		"one comes twice":  {ErrGap, func(_ uint64, a apply) error { return record(a, 0, 1, 1, 2, 3, 4) }},
		"too many":         {ErrGap, func(_ uint64, a apply) error { return record(a, 0, 1, 2, 3, 4, 5) }},
		"it fails":         {sentinel, func(_ uint64, a apply) error { return errors.Join(record(a, 0, 1), sentinel) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, opts(t.TempDir()))
			if _, _, err := s.Catch(context.Background(), words, 5, c.replay); !errors.Is(err, c.want) {
				t.Errorf("Catch: %v, not %v", err, c.want)
			}
			if _, err := all(s, words); !errors.Is(err, ErrUnproved) {
				t.Errorf("it can be read: %v", err)
			}
			if err := s.Apply(context.Background(), s.Applied(words), []byte("+a")); !errors.Is(err, ErrUnproved) {
				t.Errorf("Apply: %v", err)
			}
			mustCatch(t, s, log)
			sameView(t, s, log)
		})
	}
	s := mustOpen(t, opts(t.TempDir()))
	for _, k := range []*Keyspace{tiles, notes, View("other", 1, noFold)} {
		if _, _, err := catch(s, k, log); !errors.Is(err, ErrKeyspace) {
			t.Errorf("Catch of %v %s: %v", k.kind, k.name, err)
		}
	}
}

// TestApplyRefuses: a record out of turn, or a fold that fails or goes astray, changes no view.
func TestApplyRefuses(t *testing.T) {
	sentinel := errors.New("sentinel")
	second := View("zz", 1, func(rows Rows, _ uint64, record []byte) error {
		if err := rows.Put(record, nil); err != nil {
			return err
		}
		switch string(record[1:]) {
		case "fail":
			return sentinel
		case "read another":
			_, err := rows.tx.In(words).Get([]byte("a"))
			return err
		case "write another":
			return rows.tx.In(tiles).Put([]byte("a"), nil)
		case "much":
			return rows.Put([]byte("a"), bytes.Repeat([]byte("a"), MaxValue+1))
		}
		return nil
	})
	o := opts(t.TempDir())
	o.Keyspaces = append(o.Keyspaces, second)
	s := mustOpen(t, o)
	log := someLog(10)
	mustCatch(t, s, log)
	if _, _, err := catch(s, second, log); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		seq    uint64
		record string
		want   error
	}{
		{9, "+again", ErrGap},
		{11, "+far", ErrGap},
		{10, "+fail", sentinel},
		{10, "+read another", ErrReadOnly},
		{10, "+write another", ErrReadOnly},
		{10, "+much", ErrTooBig},
	} {
		if err := s.Apply(context.Background(), c.seq, []byte(c.record)); !errors.Is(err, c.want) {
			t.Errorf("record %d %s: %v, not %v", c.seq, c.record, err, c.want)
		}
		sameView(t, s, log)
		if s.Applied(words) != 10 || s.Applied(second) != 10 {
			t.Errorf("%s: the views went on", c.record)
		}
	}
	if err := s.Apply(context.Background(), 10, []byte("+good")); err != nil {
		t.Error(err)
	}
	sameView(t, s, append(log, "+good"))
}

// TestCatchInPieces: records whose effects fill a transaction are folded all the same.
func TestCatchInPieces(t *testing.T) {
	big := View("big", 1, func(rows Rows, seq uint64, _ []byte) error {
		return rows.Put(fmt.Appendf(nil, "%d", seq%7), bytes.Repeat([]byte{byte(seq)}, MaxValue-int(seq)))
	})
	o := opts(t.TempDir())
	o.Keyspaces = []*Keyspace{big}
	s := mustOpen(t, o)
	if _, _, err := catch(s, big, someLog(40)); err != nil {
		t.Fatal(err)
	}
	got, err := all(s, big)
	if err != nil || len(got) != 7 || got["4"] != strings.Repeat("\x27", MaxValue-39) {
		t.Errorf("%d keys, %v", len(got), err)
	}
}
