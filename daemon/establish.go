package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"stellad/daemon/deciding"
	"stellad/daemon/ledger"
	"stellad/daemon/signing"
	"stellad/evidence"
	"stellad/hsm"
	"stellad/keys"
	"stellad/policy/versions"
	"stellad/store"
	"stellad/store/blobs"
	"stellad/tlog"
)

// views are the folds of the audit log that other packages own.
var views = []*store.Keyspace{keys.View, signing.View, evidence.View, versions.View}

// signs is what an appliance with a token has from genesis on.
type signs struct {
	*keys.Registry
	*signing.Service
}

// held is the evidence that an appliance has from genesis on, and what decides by it.
type held struct {
	*evidence.Index

	content  *blobs.Dir
	policies *versions.Shelf
	decider  *deciding.Decider
}

func (h *held) close() error {
	h.decider.Close()
	return h.content.Close()
}

// policyWorker is this executable as the child that evaluates policies.
func policyWorker() *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, "worker", "policy")
}

// openContent opens what belongs to the log l beside it: evidence, and what signs with the token.
func (d *Daemon) openContent(name string, l *ledger.Ledger) error {
	content, err := blobs.Open(filepath.Join(d.config.State, "blobs"))
	if err != nil {
		return err
	}
	shelf := versions.New(l, content)
	decider, err := deciding.New(policyWorker, holdings{d})
	if err != nil {
		return errors.Join(err, content.Close())
	}
	if err := decider.Follow(shelf); err != nil { // no other policy stands in for the one in force
		decider.Close()
		return errors.Join(fmt.Errorf("the policy in force: %w", err), content.Close())
	}
	d.held.Store(&held{evidence.New(l, content), content, shelf, decider})
	if d.token != nil {
		registry := keys.New(name, d.token, l)
		d.waits.Store(&errUnseen)
		d.signs.Store(&signs{registry, signing.New(name, registry, l, content)})
	}
	return nil
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
	_, err = l.Checkpoint()
	return err
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
