package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

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

// settle is how often is tried to finish what waits for the token.
const settle = time.Second

// soon is how long a start waits for the keys. Without them it goes on, and keepToken tries again.
const soon = 2 * time.Second

// establishSoon has a daemon whose token is at hand start with its keys in place.
func (d *Daemon) establishSoon(ctx context.Context) {
	if d.token == nil || d.genesis.Load() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if err := d.establish(ctx); err != nil {
		d.waits.Store(&err)
	}
}

// keepToken brings the appliance's keys to where they should be, from genesis on, and again where an act left something
// undone. While the token is away, it waits.
func (d *Daemon) keepToken(ctx context.Context) {
	if d.token == nil {
		return
	}
	var told string
	for {
		err := d.establish(ctx)
		switch {
		case err == nil && d.signs.Load() != nil:
			d.log.Info("the keys are in place")
			told = ""
			select {
			case <-ctx.Done():
				return
			case <-d.unfinished:
				continue
			}
		case errors.Is(err, ledger.ErrOlder):
			d.fail(err)
			return
		case err != nil && err.Error() != told && ctx.Err() == nil:
			told = err.Error()
			d.log.Warn("the keys wait", "error", err)
		}
		if err != nil {
			d.waits.Store(&err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle):
		}
	}
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
	if err := l.Checkpoint(); err != nil {
		return err
	}
	d.waits.Store(nil)
	return nil
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
