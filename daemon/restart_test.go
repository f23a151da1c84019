package daemon_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"stellad/access"
	"stellad/daemon"
	"stellad/daemon/config"
)

// wontStart wants a daemon not to start, for a reason that names something and wraps an error.
func wontStart(t *testing.T, c config.Config, names string, wraps error) {
	t.Helper()
	d, err := daemon.New(c, slog.New(slog.DiscardHandler))
	if d != nil || err == nil || !strings.Contains(err.Error(), names) || !errors.Is(err, wraps) {
		t.Errorf("New: %v, want %v and a reason with %q", err, wraps, names)
	}
}

// TestNoRollback: a policy that was in force once is not replaced by an older one, or by another of its version, over a
// restart; nor by the policy of a trial, when the file is gone.
func TestNoRollback(t *testing.T) {
	d := start(t, nil)
	d.policy(t, "%s", rules("administrator"))
	first := text(t, d.config.Access)
	d.policy(t, "%s", rules("operator"))
	second := text(t, d.config.Access)
	d.signal()
	before := d.inForce(t)
	d.stop()

	for _, c := range []struct{ name, text string }{
		{"the first again", first},
		{"another second", second + "# changed\n"},
		{"nonsense", "nonsense"},
		{"nothing", ""},
	} {
		lay(t, d.config.Access, c.text)
		wontStart(t, d.config, "access.toml", access.ErrPolicy)
	}
	must(t, os.Remove(d.config.Access))
	wontStart(t, d.config, "it is gone, and version 2 was in force", access.ErrPolicy)

	lay(t, d.config.Access, second)
	if now := run(t, d.config).inForce(t); now != before {
		t.Errorf("%s is in force, was %s", now, before)
	}
}

// TestOneDaemon: the state is one daemon's from its New to the end of its Run, and of one that could not start no longer.
func TestOneDaemon(t *testing.T) {
	d := start(t, nil)
	d.verifies(t) // both sockets are there
	d.policy(t, "%s", rules("administrator"))
	wontStart(t, d.config, "state/lock", daemon.ErrRunning)
	if now := text(t, filepath.Join(d.config.State, "access-in-force")); now != "" {
		t.Errorf("the second wrote %q into the first one's state", now)
	}
	d.verifies(t)
	d.stop()

	good := text(t, d.config.Access)
	lay(t, d.config.Access, "nonsense")
	wontStart(t, d.config, "access.toml", access.ErrPolicy) // and not for the lock
	lay(t, d.config.Access, good)
	run(t, d.config).verifies(t)
}

// TestNoState: a daemon whose state can't be kept does not start.
func TestNoState(t *testing.T) {
	c := folder(t)
	must(t, os.Remove(c.State))
	wontStart(t, c, "state", fs.ErrNotExist)
	must(t, os.WriteFile(c.State, nil, 0o600))
	wontStart(t, c, "state", unix.ENOTDIR)
	must(t, os.Remove(c.State))
	must(t, os.Mkdir(c.State, 0o700))
	must(t, os.Symlink("elsewhere", filepath.Join(c.State, "lock")))
	wontStart(t, c, "lock", unix.ELOOP)
}
