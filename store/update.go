package store

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
)

// An op is a transaction that waits for the committer.
type op struct {
	fn       func(*Tx) error
	taken    atomic.Bool // by the committer, or by the caller that no longer waits
	err      error       // of fn
	panicked any         // by fn: the caller's panic, in the caller's goroutine
	done     chan error
}

// Update runs fn and commits what it wrote. When it returns nil, content that fn wrote is on the disk; views and caches
// outlive the process, but not always a power cut. When it returns an error, nothing was written: fn's own, ctx's,
// ErrNoSpace, ErrBroken or ErrClosed.
//
// Transactions run one after another, each seeing those before it; up to 512 of them share a commit. fn holds up all
// others: it must not wait for anything, and must not call Update.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	o := &op{fn: fn, done: make(chan error, 1)}
	select {
	case s.ops <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.dead:
		return ErrClosed
	}
	select {
	case <-ctx.Done():
		if o.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case err := <-o.done:
		return o.answer(err)
	case <-s.dead:
	}
	select { // the committer has it: its word is the only one
	case err := <-o.done:
		return o.answer(err)
	case <-s.dead:
		return s.lastWord(o)
	}
}

// lastWord takes an answer that came as the committer ended.
func (s *Store) lastWord(o *op) error {
	select {
	case err := <-o.done:
		return o.answer(err)
	default:
		return ErrClosed
	}
}

func (o *op) answer(err error) error {
	if o.panicked != nil {
		panic(o.panicked)
	}
	return err
}

// committer is the one goroutine that writes, until Close.
func (s *Store) committer() {
	defer close(s.dead)
	for {
		select {
		case o := <-s.ops:
			s.batch(o)
		case <-s.stop:
			return
		}
	}
}

// batch runs first and those that wait behind it, commits what they wrote, and answers them.
func (s *Store) batch(first *op) {
	snap := s.db.NewTransaction(false)
	defer snap.Discard()
	all := newOverlay()
	var ops []*op
	for o := first; o != nil; o = s.next(len(ops), all) {
		if o.taken.CompareAndSwap(false, true) {
			ops = append(ops, o)
			o.run(s, snap, all)
		}
	}
	err := s.write(snap, all)
	for _, o := range ops {
		o.done <- errors.Join(o.err, err)
	}
}

// next takes another transaction into the batch, if one waits and there is room.
func (s *Store) next(n int, all *overlay) *op {
	if n >= maxOps || all.bytes >= maxTxBytes || len(all.sealed) >= maxTxKeys {
		return nil
	}
	select {
	case o := <-s.ops:
		return o
	default:
		return nil
	}
}

// run runs the function over what the batch holds so far. What it wrote joins the batch, unless it failed.
func (o *op) run(s *Store, snap *badger.Txn, all *overlay) {
	tx := &Tx{s: s, snap: snap, layers: []*overlay{all, newOverlay()}}
	defer func() {
		tx.over = true
		if o.panicked = recover(); o.panicked == nil && o.err == nil {
			all.merge(tx.own())
		}
	}()
	o.err = ErrClosed // if fn never returns: runtime.Goexit ends the committer
	o.err = o.fn(tx)
}
