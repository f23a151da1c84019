package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"stellad/daemon/ledger"
	"stellad/daemon/signing"
	"stellad/hsm"
	"stellad/keys"
	"stellad/store"
	"stellad/store/blobs"
	"stellad/tlog"
)

// views are the folds of the audit log that other packages own.
var views = []*store.Keyspace{keys.View, signing.View}

// signs is what an appliance with a token has from genesis on.
type signs struct {
	*keys.Registry
	*signing.Service

	content *blobs.Dir
}

// openSigns opens what signs with the token, of the log l.
func (d *Daemon) openSigns(name string, l *ledger.Ledger) (*signs, error) {
	content, err := blobs.Open(filepath.Join(d.config.State, "blobs"))
	if err != nil {
		return nil, err
	}
	registry := keys.New(name, d.token, l)
	return &signs{registry, signing.New(name, registry, l, content), content}, nil
}

// establish does what genesis left to do, and what a crash did. All of it may be done again.
func (d *Daemon) establish(ctx context.Context) error {
	if d.genesis.Load() == nil { // perhaps it waits for the token
		if err := d.loadGenesis(ctx); err != nil {
			return err
		}
	}
	s, l := d.signs.Load(), d.ledger.Load()
	if s == nil {
		return nil
	}
	if err := d.notOlder(ctx, l); err != nil {
		return err
	}
	if err := errors.Join(s.Registry.Settle(ctx), s.Service.Settle(ctx)); err != nil {
		return err
	}
	public, err := tlog.ParseVerifierKey(l.Key())
	if err != nil {
		return err
	}
	ref, err := referenceOf(public)
	if err != nil {
		return err
	}
	if err := s.Establish(ctx, ref); err != nil {
		return err
	}
	if err := d.publish(ctx, s); err != nil {
		return err
	}
	if err := s.Present(ctx); err != nil {
		return err
	}
	return l.Checkpoint()
}

// notOlder holds the log to the checkpoint that the token keeps.
func (d *Daemon) notOlder(ctx context.Context, l *ledger.Ledger) error {
	name := ledger.Origin(d.genesis.Load().Name)
	note, err := d.token.GetObject(ctx, name)
	switch {
	case errors.Is(err, hsm.ErrNoObject):
		return nil // before the first, or a token that keeps none
	case err != nil:
		return err
	}
	if err := l.Holds(note); err != nil {
		return fmt.Errorf("%s in the token: %w", name, err)
	}
	return nil
}
