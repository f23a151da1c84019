package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"stellad/access"
	"stellad/audit"
	"stellad/daemon/ledger"
)

// loadPolicy reads the policy file, and tells whether another policy came into force. Where there is no file, there is
// a policy of the daemon's own until genesis, and in a trial.
//
// c is the call that asked for it; nil where none did.
func (d *Daemon) loadPolicy(ctx context.Context, c *ledger.Call) (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed, err = d.reloadPolicy(d.recordPolicy(ctx, c))
	d.refused = err
	return changed, err
}

// recordPolicy gives what makes it durable that a policy comes into force; nil before genesis, when there is no log.
func (d *Daemon) recordPolicy(ctx context.Context, c *ledger.Call) access.Record {
	l := d.ledger.Load()
	if l == nil {
		return nil
	}
	return func(next access.Mark) error {
		return l.PutPolicy(ctx, c, audit.Policy{Version: next.Version, SHA256: next.SHA256})
	}
}

// lastPolicy is the policy that was last in force, by the log.
func (d *Daemon) lastPolicy() (access.Mark, error) {
	l := d.ledger.Load()
	if l == nil {
		return access.Mark{}, nil
	}
	p, err := l.Policy()
	return access.Mark{Version: p.Version, SHA256: p.SHA256}, err
}

func (d *Daemon) reloadPolicy(record access.Record) (changed bool, err error) {
	if before := d.policy.Load(); d.keeper == nil {
		err := d.firstPolicy(record)
		return before == nil || before.SHA256 != d.policy.Load().SHA256, err
	}
	if changed, err = d.keeper.Reload(record); err == nil {
		d.policy.Store(d.keeper.Policy())
	}
	return changed, err
}

func (d *Daemon) firstPolicy(record access.Record) error {
	last, err := d.lastPolicy()
	if err != nil {
		return err
	}
	keeper, err := access.NewKeeper(d.config.Access, d.catalog, uint32(os.Geteuid()), last, record)
	switch {
	case err == nil:
		d.keeper = keeper
		d.policy.Store(keeper.Policy())
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case d.config.Dev:
		d.policy.Store(access.Dev(uint32(os.Geteuid()), d.catalog))
		return nil
	case d.initialised():
		return err // genesis wrote one: who took it away?
	}
	policy, err := access.Builtin(d.catalog)
	if err != nil {
		return err
	}
	d.policy.Store(policy)
	return nil
}
