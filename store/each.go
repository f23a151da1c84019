package store

import (
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// Each calls visit with the keys that begin with prefix and are not before from, in order, as they stood at the call.
// Both slices are visit's only until it returns. An error of visit ends it and is returned. Where both prefix and from
// are empty, a key that Badger cannot read is ErrDamaged; else it may be left out.
func (r Rows) Each(prefix, from []byte, visit func(key, value []byte) error) error {
	if err := r.readable(); err != nil {
		return err
	}
	staged := under(r.tx.layers, r.k.prefix+string(prefix), r.k.prefix+string(from))
	emit := func(full string, sealed []byte) error {
		value, err := unseal(full, sealed)
		if err != nil {
			return err
		}
		return visit([]byte(full[len(r.k.prefix):]), value)
	}
	found := uint64(0)
	err := scan(r.tx.snap, r.k.prefix+string(prefix), r.k.prefix+string(from), func(full string, sealed []byte) error {
		found++
		for len(staged) > 0 && staged[0].key < full {
			s := staged[0]
			staged = staged[1:]
			if s.sealed == nil {
				continue
			}
			if err := emit(s.key, s.sealed); err != nil {
				return err
			}
		}
		if len(staged) > 0 && staged[0].key == full {
			sealed, staged = staged[0].sealed, staged[1:]
			if sealed == nil {
				return nil
			}
		}
		return emit(full, sealed)
	})
	if err == nil && len(prefix) == 0 && len(from) == 0 {
		err = r.complete(found)
	}
	for _, s := range staged {
		if err == nil && s.sealed != nil {
			err = emit(s.key, s.sealed)
		}
	}
	return err
}

// complete returns ErrDamaged where fewer keys were found than there are: Badger leaves out what it cannot read.
func (r Rows) complete(found uint64) error {
	sealed, err := raw(r.tx.snap, headKey(r.k.id()))
	if err != nil {
		return err
	}
	var h head
	if sealed != nil {
		if h, err = unsealHead(headKey(r.k.id()), sealed); err != nil {
			return err
		}
	}
	if h.Count != found {
		return fmt.Errorf("%w: %s has %d keys, and %d were found", ErrDamaged, r.k.name, h.Count, found)
	}
	return nil
}

// scan calls visit with what Badger has under prefix, not before from. Badger ends it early, and says nothing, where a
// block is damaged: who must know counts.
func scan(txn *badger.Txn, prefix, from string, visit func(full string, sealed []byte) error) error {
	o := badger.DefaultIteratorOptions
	o.Prefix = []byte(prefix)
	o.PrefetchValues = false // values lie beside their keys, in mapped tables
	it := txn.NewIterator(o)
	defer it.Close()
	var buf []byte
	for it.Seek([]byte(max(prefix, from))); it.Valid(); it.Next() {
		item := it.Item()
		var err error
		if buf, err = item.ValueCopy(buf); err != nil {
			return fmt.Errorf("%w: %q: %w", ErrDamaged, item.Key(), err)
		}
		if err := visit(string(item.Key()), buf); err != nil {
			return err
		}
	}
	return nil
}
