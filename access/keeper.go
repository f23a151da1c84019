package access

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
)

// Keeper holds the policy in force and replaces it: by a newer one, whole, or not at all. It may be used concurrently.
type Keeper struct {
	path    string
	catalog Catalog
	owner   uint32

	reloading sync.Mutex             // one Reload at a time; readers of current do not wait for it
	current   atomic.Pointer[Policy] // never nil once NewKeeper has returned
}

// A Record makes it durable that a policy comes into force. Where it fails, the policy does not.
type Record func(next Mark) error

// NewKeeper reads the policy file at path, which must belong to root or to owner, be writable by nobody else, be no
// link and have at most 1 MiB.
//
// last is the policy that was last in force, before a restart too: an older one, or another of the same version, is
// refused. The zero Mark is of an appliance that never had one. record, which may be nil, is called before another
// policy than last comes into force. Errors wrap ErrPolicy, or are record's; where there is no policy file and never
// was one, and only there, fs.ErrNotExist too.
func NewKeeper(path string, catalog Catalog, owner uint32, last Mark, record Record) (*Keeper, error) {
	k := &Keeper{path: path, catalog: catalog, owner: owner}
	next, err := k.parse()
	if errors.Is(err, fs.ErrNotExist) && last.Version > 0 {
		// Not fs.ErrNotExist: who deletes the file must not thereby bring back the built-in policy.
		return nil, &refusal{path, fmt.Sprintf("it is gone, and version %d was in force: put it back", last.Version), nil}
	}
	if err != nil {
		return nil, err
	}
	if err := k.enforce(last, next, record); err != nil {
		return nil, err
	}
	return k, nil
}

// Policy gives the policy in force.
func (k *Keeper) Policy() *Policy { return k.current.Load() }

// Reload reads the file again and brings it into force. It tells whether that is another policy than before: for the
// same bytes not, but names are resolved anew. Errors wrap ErrPolicy or are record's, and the old policy stays in force.
func (k *Keeper) Reload(record Record) (changed bool, err error) {
	k.reloading.Lock()
	defer k.reloading.Unlock()
	next, err := k.parse()
	if err != nil {
		return false, err
	}
	was := k.Policy().Mark()
	err = k.enforce(was, next, record)
	return err == nil && next.Mark() != was, err
}

func (k *Keeper) parse() (*Policy, error) {
	text, err := read(k.path, k.owner)
	if err != nil {
		return nil, err
	}
	return Parse(k.path, text, k.catalog)
}

// enforce brings the next policy into force after the last one.
func (k *Keeper) enforce(last Mark, next *Policy, record Record) error {
	if err := last.precedes(next); err != nil {
		return &refusal{k.path, err.Error(), nil}
	}
	// The record first. A crash here leaves a record of a policy that did not come into force: the next start finds its
	// file and enforces it. The other way about, it could be in force for a while and then be gone without a trace.
	if record != nil && next.Mark() != last {
		if err := record(next.Mark()); err != nil {
			return fmt.Errorf("%s does not come into force: %w", k.path, err)
		}
	}
	k.current.Store(next)
	return nil
}
