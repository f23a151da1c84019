package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"stellad/attest/trust"
	"stellad/internal/durable"
)

// published is where the trust root stands by which others verify what the appliance signs. Everybody may read it.
const publishedDir = "trust"

// followKeys publishes what an act changed that is done, and in the log. Where that fails the act stands: its caller is
// told that it is done, keepToken tries again, and status says what waits.
func (d *Daemon) followKeys(ctx context.Context, s *signs) {
	err := d.publish(context.WithoutCancel(ctx), s)
	if err == nil {
		return
	}
	err = fmt.Errorf("what others verify by is not published as the keys are: %w", err)
	d.log.Error("it is tried again", "error", err)
	d.waits.Store(&err)
	select {
	case d.unfinished <- struct{}{}:
	default: // it is told already
	}
}

// publish writes the trust root anew, if it is another: whole, in one step. A crash leaves the old one, and perhaps a
// folder that the next publication removes.
func (d *Daemon) publish(ctx context.Context, s *signs) error {
	d.publishing.Lock()
	defer d.publishing.Unlock()
	s.KeysChanged()
	files, err := s.Published()
	if err != nil {
		return err
	}
	dir := filepath.Join(d.config.State, publishedDir)
	next := dir + ".new"
	if same(dir, files) { // perhaps by a try that ended before it was on disk
		return errors.Join(os.RemoveAll(next), durable.SyncFolder(d.config.State))
	}
	if err := errors.Join(os.RemoveAll(next), lay(next, files)); err != nil {
		return err
	}
	err = unix.Renameat2(unix.AT_FDCWD, next, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(next, dir)
	}
	err = errors.Join(err, os.RemoveAll(next), durable.SyncFolder(d.config.State), d.believeItself(dir))
	if err == nil {
		d.loadTrust(ctx) // where this appliance believes what it publishes, it does so at once
	}
	return err
}

// believeItself has a trial that was told nothing else believe what it publishes, by the link that a trust root may have.
// Elsewhere root makes it.
func (d *Daemon) believeItself(dir string) error {
	entries, err := os.ReadDir(d.config.Trust)
	if !d.config.Dev || len(entries) > 0 || err != nil {
		return nil //nolint:nilerr // whom a trial believes is somebody's choice
	}
	return os.Symlink(dir, filepath.Join(d.config.Trust, "appliance"))
}

// same tells whether a folder has these files and no others.
func same(dir string, files []trust.File) bool {
	n := 0
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	for _, f := range files {
		text, readErr := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Name)))
		if readErr != nil || string(text) != string(f.Bytes) {
			return false
		}
	}
	return err == nil && n == len(files)
}

// lay writes files for everybody to read, whatever the umask.
func lay(dir string, files []trust.File) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := durable.Create(path, f.Bytes, 0o644); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if e.IsDir() {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
}
