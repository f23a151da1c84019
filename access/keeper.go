package access

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
)

// Keeper holds the policy in force and replaces it: by a newer one, whole, or not at all. It may be used concurrently.
type Keeper struct {
	path    string
	catalog Catalog
	owner   uint32
	record  string

	reloading sync.Mutex             // one Reload at a time; readers of current do not wait for it
	current   atomic.Pointer[Policy] // never nil once NewKeeper has returned
}

// NewKeeper reads the policy file at path, which must belong to root or to owner, be writable by nobody else, be no
// link and have at most 1 MiB.
//
// record is a file in the daemon's state folder that remembers which policy was in force, so that an older one, or
// another of the same version, is refused over a restart too; it is created where it is missing. With "" nothing is
// remembered. Errors wrap ErrPolicy; where there is no policy file and no record of one, and only there, fs.ErrNotExist
// too. When it returns, the policy is in force and the record of it is durable.
func NewKeeper(path string, catalog Catalog, owner uint32, record string) (*Keeper, error) {
	k := &Keeper{path: path, catalog: catalog, owner: owner, record: record}
	last, err := k.recorded()
	if err != nil {
		return nil, err
	}
	next, err := k.parse()
	if errors.Is(err, fs.ErrNotExist) && last.version > 0 {
		// Not fs.ErrNotExist: who deletes the file must not thereby bring back the built-in policy.
		return nil, &refusal{path, fmt.Sprintf("it is gone, and version %d was in force: put it back", last.version), nil}
	}
	if err != nil {
		return nil, err
	}
	if err := k.enforce(last, next); err != nil {
		return nil, err
	}
	return k, nil
}

// Policy gives the policy in force.
func (k *Keeper) Policy() *Policy { return k.current.Load() }

// Reload reads the file again and brings it into force. It tells whether that is another policy than before: for the
// same bytes not, but names are resolved anew. Errors wrap ErrPolicy, and the old policy stays in force. When it returns
// without one, the record of the new policy is durable.
func (k *Keeper) Reload() (changed bool, err error) {
	k.reloading.Lock()
	defer k.reloading.Unlock()
	next, err := k.parse()
	if err != nil {
		return false, err
	}
	was := k.Policy()
	err = k.enforce(mark{was.Version, was.SHA256}, next)
	return err == nil && next.SHA256 != was.SHA256, err
}

func (k *Keeper) parse() (*Policy, error) {
	text, err := read(k.path, k.owner)
	if err != nil {
		return nil, err
	}
	return Parse(k.path, text, k.catalog)
}

func (k *Keeper) recorded() (mark, error) {
	if k.record == "" {
		return mark{}, nil
	}
	last, err := readRecord(k.record)
	if err != nil {
		return mark{}, &refusal{k.record, fmt.Sprintf("which policy was last in force cannot be read (%v): "+
			"see that the policy file is the right one, and remove this record", plainly(err)), nil}
	}
	return last, nil
}

// enforce brings the next policy into force after the last one.
func (k *Keeper) enforce(last mark, next *Policy) error {
	if err := last.precedes(next); err != nil {
		return &refusal{k.path, err.Error(), nil}
	}
	// The record first. A crash here leaves a record of a policy that did not come into force: the next start finds its
	// file and enforces it. The other way about, it could be in force for a while and then be gone without a trace.
	now := mark{next.Version, next.SHA256}
	if k.record != "" && now != last {
		if err := writeRecord(k.record, now); err != nil {
			return &refusal{k.record, "cannot be written: " + strings.ReplaceAll(err.Error(), "\n", "; "), nil}
		}
	}
	k.current.Store(next)
	return nil
}
