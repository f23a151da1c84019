package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestRefusals: each of these functions fails with its error, and leaves nothing.
func TestRefusals(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	put(t, s, tiles, "there", "1")
	sentinel := errors.New("sentinel")
	long := func(n int) []byte { return bytes.Repeat([]byte("k"), n) }
	for name, c := range map[string]struct {
		want error
		fn   func(*Tx) error
	}{
		"its own error":      {sentinel, func(*Tx) error { return sentinel }},
		"not there":          {ErrNotFound, func(tx *Tx) error { _, err := tx.In(tiles).Get([]byte("no")); return err }},
		"view not proved":    {ErrUnproved, func(tx *Tx) error { _, err := tx.In(words).Get([]byte("no")); return err }},
		"scan of the view":   {ErrUnproved, func(tx *Tx) error { return tx.In(words).Each(nil, nil, nil) }},
		"view written":       {ErrUnproved, func(tx *Tx) error { return tx.In(words).Put([]byte("k"), nil) }},
		"empty key":          {ErrTooBig, func(tx *Tx) error { return tx.In(tiles).Put(nil, nil) }},
		"empty key deleted":  {ErrTooBig, func(tx *Tx) error { return tx.In(tiles).Delete(nil) }},
		"long key":           {ErrTooBig, func(tx *Tx) error { return tx.In(tiles).Put(long(MaxKey+1), nil) }},
		"long value":         {ErrTooBig, func(tx *Tx) error { return tx.In(tiles).Put([]byte("k"), long(MaxValue+1)) }},
		"many bytes":         {ErrTooBig, func(tx *Tx) error { return fillTx(tx, 4, MaxValue) }},
		"many keys":          {ErrTooBig, func(tx *Tx) error { return fillTx(tx, maxTxKeys+1, 1) }},
		"fails after writes": {sentinel, func(tx *Tx) error { return errors.Join(fillTx(tx, 10, 10), sentinel) }},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Update(context.Background(), c.fn); !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			}
			if got, err := all(s, tiles); len(got) != 1 || err != nil {
				t.Errorf("it left %d keys, %v", len(got), err)
			}
		})
	}
	if err := s.Read(func(tx *Tx) error { return tx.In(tiles).Put([]byte("k"), nil) }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Put in Read: %v", err)
	}
	mustCatch(t, s, nil)
	if err := s.Update(context.Background(), func(tx *Tx) error { return tx.In(words).Put([]byte("k"), nil) }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Put to a view: %v", err)
	}
}

func fillTx(tx *Tx, keys, size int) error {
	for i := range keys {
		if err := tx.In(tiles).Put(fmt.Appendf(nil, "fill%d", i), make([]byte, size)); err != nil {
			return err
		}
	}
	return nil
}

// TestLargestTransactions: transactions at their caps commit, several at a time.
func TestLargestTransactions(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx *Tx) error {
				for j := range maxTxKeys {
					if err := tx.In(notes).Put(fmt.Appendf(nil, "%d-%d", i, j), bytes.Repeat([]byte("v"), 60)); errors.Is(err, ErrTooBig) {
						return nil
					} else if err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := s.Update(context.Background(), func(tx *Tx) error { return fillTx(tx, 2, MaxValue) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestTxIsOver: a transaction that leaks from its function is dead.
func TestTxIsOver(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	var leaked [2]*Tx
	if err := s.Update(context.Background(), func(tx *Tx) error { leaked[0] = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(func(tx *Tx) error { leaked[1] = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	for i, tx := range leaked {
		_, err := tx.In(tiles).Get([]byte("k"))
		if !errors.Is(err, ErrClosed) || !errors.Is(tx.In(tiles).Put([]byte("k"), nil), ErrClosed) || !errors.Is(tx.In(tiles).Each(nil, nil, nil), ErrClosed) {
			t.Errorf("transaction %d lives on: %v", i, err)
		}
	}
}

// TestOthersAreSpared: among many at once, those that fail or panic fail alone.
func TestOthersAreSpared(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	sentinel := errors.New("sentinel")
	var wg sync.WaitGroup
	var panics atomic.Int64
	for i := range 300 {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil && r != "boom" {
					t.Errorf("another's panic: %v", r)
				} else if r != nil {
					panics.Add(1)
				}
			}()
			err := s.Update(context.Background(), func(tx *Tx) error {
				if err := tx.In(tiles).Put(fmt.Appendf(nil, "key%d", i), []byte("v")); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return sentinel
				case 2:
					panic("boom")
				}
				return nil
			})
			if want := i%3 == 1; errors.Is(err, sentinel) != want || i%3 == 0 && err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	got, err := all(s, tiles)
	if err != nil || len(got) != 100 || panics.Load() != 100 {
		t.Errorf("%d keys, %d panics, %v", len(got), panics.Load(), err)
	}
}

// TestSerial: counting up by many at once loses no count.
func TestSerial(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 50 {
				err := s.Update(context.Background(), func(tx *Tx) error {
					n, err := wordCount(tx.In(notes), []byte("n"))
					if err != nil {
						return err
					}
					return tx.In(notes).Put([]byte("n"), []byte{0, 0, 0, 0, 0, 0, byte((n + 1) >> 8), byte(n + 1)})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := get(s, notes, "n"); err != nil || got != "\x00\x00\x00\x00\x00\x00\x06\x40" {
		t.Errorf("1600 counts gave %x, %v", got, err)
	}
}

// TestContextEnds: who no longer waits before the turn comes has written nothing.
func TestContextEnds(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	running, release := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.Update(context.Background(), func(*Tx) error { running <- true; <-release; return nil })
	})
	<-running
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := s.Update(ctx, func(tx *Tx) error { return tx.In(tiles).Put([]byte("k"), nil) })
	close(release)
	wg.Wait()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update: %v", err)
	}
	put(t, s, tiles, "other", "1")
	if _, err := get(s, tiles, "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it was written: %v", err)
	}
}

// TestGoexit: a function that ends its goroutine writes nothing and hangs nobody.
func TestGoexit(t *testing.T) {
	o := opts(t.TempDir())
	s := mustOpen(t, o)
	err := s.Update(context.Background(), func(tx *Tx) error {
		defer runtime.Goexit()
		return tx.In(tiles).Put([]byte("k"), nil)
	})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("Update: %v", err)
	}
	if err := s.Update(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("the next: %v", err)
	}
	mustClose(t, s)
	if got, err := all(mustOpen(t, o), tiles); err != nil || len(got) != 0 {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

// TestClosed: all use after Close is ErrClosed, also while others close.
func TestClosed(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for {
				err := s.Update(context.Background(), func(tx *Tx) error { return tx.In(notes).Put([]byte{1, byte(i)}, nil) })
				if _, rerr := all(s, notes); err == nil && rerr == nil {
					continue
				} else if err != nil && !errors.Is(err, ErrClosed) || rerr != nil && !errors.Is(rerr, ErrClosed) {
					t.Errorf("%v, %v", err, rerr)
				}
				return
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	mustClose(t, s)
	wg.Wait()
	if _, err := s.Stats(); !errors.Is(err, ErrClosed) || !errors.Is(s.Close(), ErrClosed) {
		t.Errorf("Stats: %v", err)
	}
}

// TestLocked: a store has one opener.
func TestLocked(t *testing.T) {
	o := opts(t.TempDir())
	s := mustOpen(t, o)
	if _, err := Open(context.Background(), o); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v", err)
	}
	mustClose(t, s)
	mustOpen(t, o)
}

// TestEachIsInOrder: writes of the transaction, of the batch and of Badger come as one, in order, as they stood.
func TestEachIsInOrder(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	for _, k := range []string{"a", "b", "ba", "c", "e"} {
		put(t, s, tiles, k, "old")
	}
	err := s.Update(context.Background(), func(tx *Tx) error {
		rows := tx.In(tiles)
		err := errors.Join(rows.Put([]byte("b"), []byte("new")), rows.Delete([]byte("c")), rows.Put([]byte("d"), []byte("new")), rows.Put([]byte("z"), nil))
		for _, c := range []struct{ prefix, from, want string }{
			{"", "", "a=old b=new ba=old d=new e=old z= "},
			{"b", "", "b=new ba=old "},
			{"", "ba", "ba=old d=new e=old z= "},
			{"b", "ba", "ba=old "},
			{"b", "c", ""},
			{"zz", "", ""},
		} {
			var got []byte
			err = errors.Join(err, rows.Each([]byte(c.prefix), []byte(c.from), func(key, value []byte) error {
				got = fmt.Appendf(got, "%s=%s ", key, value)
				return rows.Put(slices.Concat([]byte("y"), key), nil) // not seen by this Each
			}))
			for _, k := range []string{"ya", "yb", "yba", "yd", "ye", "yz"} {
				err = errors.Join(err, rows.Delete([]byte(k)))
			}
			if string(got) != c.want {
				t.Errorf("%q from %q: %q, not %q", c.prefix, c.from, got, c.want)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
