package keys

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"stellad/audit"
	"stellad/hsm"
	"stellad/store"
)

// A Journal takes records and has View follow them, durably, before Write returns.
type Journal interface {
	Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error)
	Read(fn func(*store.Tx) error) error
}

// A Registry is the appliance's keys. It is safe for concurrent use; acts come one after another.
type Registry struct {
	name    string // the appliance's
	token   *hsm.Client
	journal Journal
	now     func() time.Time

	acting sync.Mutex
}

// New makes the registry of the appliance called name. The journal's store must have View.
func New(name string, token *hsm.Client, journal Journal) *Registry {
	return &Registry{name: name, token: token, journal: journal, now: time.Now}
}

// List returns all keys, by role, then by age.
func (r *Registry) List() (all []Entry, err error) {
	err = r.journal.Read(func(tx *store.Tx) error {
		return each(tx.In(View), func(e Entry) error {
			all = append(all, e)
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), a.Made.Compare(b.Made), strings.Compare(a.Label, b.Label))
	})
	return all, err
}

// Find returns the key that a label or a SHA-256 names, else ErrUnknown.
func (r *Registry) Find(name string) (e Entry, err error) {
	err = r.journal.Read(func(tx *store.Tx) error {
		rows, sha256 := tx.In(View), []byte(name)
		if label, err := rows.Get(labelRow(name)); err == nil {
			sha256 = label
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		e, err = get(rows, string(sha256))
		return err
	})
	return e, err
}

// Active returns the active keys of a role, the oldest first.
func (r *Registry) Active(role string) ([]Entry, error) {
	all, err := r.List()
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Role != role || e.State() != Active }), err
}

// TheActive returns the one active key of a role, else ErrUnknown or, where there are several, ErrState with their labels.
func (r *Registry) TheActive(role string) (Entry, error) {
	all, err := r.Active(role)
	switch {
	case err != nil:
		return Entry{}, err
	case len(all) == 0:
		return Entry{}, fmt.Errorf("%w: the role %s has none that is active", ErrUnknown, role)
	case len(all) > 1:
		labels := make([]string, len(all))
		for i, e := range all {
			labels[i] = e.Label
		}
		return Entry{}, fmt.Errorf("%w: several keys for %s are active: say which of %s", ErrState, role, strings.Join(labels, ", "))
	}
	return all[0], nil
}

// Signer returns the key as a signer, over the token. Whether the token has it shows when it signs.
func (r *Registry) Signer(e Entry) (*hsm.Key, error) { return r.token.Use(e.Reference()) }

// Lost says of a registered key that the token has not, or has twice, that the HSM is unavailable: whoever asked for it to
// be used asked for nothing wrong. Other errors stay as they are.
func Lost(err error) error {
	if errors.Is(err, hsm.ErrNoKey) || errors.Is(err, hsm.ErrAmbiguous) {
		return fmt.Errorf("%w: %w", hsm.ErrUnavailable, err)
	}
	return err
}

// intents returns what was to be done to keys and of which the log does not say what came of it.
func (r *Registry) intents() (open map[uint64]audit.Intent, err error) {
	open = map[uint64]audit.Intent{}
	return open, r.journal.Read(func(tx *store.Tx) error {
		return tx.In(View).Each([]byte("intent/"), nil, func(key, text []byte) error {
			seq, err := strconv.ParseUint(strings.TrimPrefix(string(key), "intent/"), 10, 64)
			if err != nil {
				return err
			}
			var i audit.Intent
			err = json.Unmarshal(text, &i)
			open[seq] = i
			return err
		})
	})
}
