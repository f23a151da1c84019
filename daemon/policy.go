package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"stellad/access"
)

// loadPolicy reads the policy file, and tells whether another policy came into force. Where there is no file, there is
// a policy of the daemon's own until genesis, and in a trial.
func (d *Daemon) loadPolicy() (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed, err = d.reloadPolicy()
	d.refused = err
	return changed, err
}

func (d *Daemon) reloadPolicy() (changed bool, err error) {
	if before := d.policy.Load(); d.keeper == nil {
		err := d.firstPolicy()
		return before == nil || before.SHA256 != d.policy.Load().SHA256, err
	}
	if changed, err = d.keeper.Reload(); err == nil {
		d.policy.Store(d.keeper.Policy())
	}
	return changed, err
}

func (d *Daemon) firstPolicy() error {
	keeper, err := access.NewKeeper(d.config.Access, d.catalog, uint32(os.Geteuid()), filepath.Join(d.config.State, "access-in-force"))
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
