package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// A Tx is one transaction: what it reads stands still, and all of what it writes commits or nothing. It belongs to the
// function that it was given to, and is not safe for concurrent use.
type Tx struct {
	s      *Store
	snap   *badger.Txn
	layers []*overlay // over snap, the later over the earlier; the last takes what is written; none in Read
	fold   *Keyspace  // the view that is being folded
	over   bool
}

// Rows are a keyspace's in a transaction.
type Rows struct {
	tx *Tx
	k  *Keyspace
}

// In returns the rows of k.
func (t *Tx) In(k *Keyspace) Rows { return Rows{t, k} }

// own returns the layer that takes the writes.
func (t *Tx) own() *overlay { return t.layers[len(t.layers)-1] }

// Get returns a copy of the value of key. Its errors are ErrNotFound and ErrDamaged; of a view, ErrUnproved.
func (r Rows) Get(key []byte) ([]byte, error) {
	if err := r.readable(); err != nil {
		return nil, err
	}
	full := r.k.prefix + string(key)
	for i := len(r.tx.layers) - 1; i >= 0; i-- {
		if sealed, have := r.tx.layers[i].sealed[full]; have {
			return open(full, bytes.Clone(sealed))
		}
	}
	sealed, err := raw(r.tx.snap, full)
	if err != nil {
		return nil, err
	}
	return open(full, sealed)
}

func open(full string, sealed []byte) ([]byte, error) {
	if sealed == nil {
		return nil, ErrNotFound
	}
	return unseal(full, sealed)
}

// raw returns a copy of what Badger has; nil where it has nothing.
func raw(txn *badger.Txn, full string) ([]byte, error) {
	item, err := txn.Get([]byte(full))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrDamaged, full, err)
	}
	sealed, err := item.ValueCopy(nil)
	if err == nil && sealed == nil {
		sealed = []byte{}
	}
	return sealed, err
}

// Put sets the value of key. The store keeps neither.
func (r Rows) Put(key, value []byte) error {
	if err := r.writable(key, len(value)); err != nil {
		return err
	}
	full := r.k.prefix + string(key)
	r.tx.own().set(full, seal(full, value))
	return nil
}

// Delete removes key, if it is there.
func (r Rows) Delete(key []byte) error {
	if err := r.writable(key, 0); err != nil {
		return err
	}
	r.tx.own().set(r.k.prefix+string(key), nil)
	return nil
}

func (r Rows) readable() error {
	switch {
	case r.tx.over:
		return ErrClosed
	case r.tx.s.keyspaces[r.k.id()] != r.k:
		return fmt.Errorf("%w: %s is not declared", ErrKeyspace, r.k.name)
	case r.tx.fold != nil && r.tx.fold != r.k:
		return fmt.Errorf("%w: the fold of %s uses %s", ErrReadOnly, r.tx.fold.name, r.k.name)
	case r.k.kind == view && r.tx.fold == nil && !r.tx.s.proved(r.k):
		return fmt.Errorf("%w: %s", ErrUnproved, r.k.name)
	}
	return nil
}

func (r Rows) writable(key []byte, value int) error {
	if err := r.readable(); err != nil {
		return err
	}
	switch {
	case len(r.tx.layers) == 0, r.k.kind == view && r.tx.fold != r.k:
		return fmt.Errorf("%w: %s %s", ErrReadOnly, r.k.kind, r.k.name)
	case len(key) == 0 || len(key) > MaxKey:
		return fmt.Errorf("%w: a key of %d bytes, of 1 to %d", ErrTooBig, len(key), MaxKey)
	case value > MaxValue:
		return fmt.Errorf("%w: a value of %d bytes, of at most %d", ErrTooBig, value, MaxValue)
	}
	own := r.tx.own()
	if len(own.sealed) >= maxTxKeys || own.bytes+value > maxTxBytes {
		return fmt.Errorf("%w: a transaction of %d keys, %d bytes", ErrTooBig, len(own.sealed), own.bytes+value)
	}
	return nil
}
