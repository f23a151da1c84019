package daemon_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/daemon"
	"stellad/daemon/config"
)

// stopped gives a state folder with some records in it, which no daemon has.
func stopped(t *testing.T) config.Config {
	t.Helper()
	d := start(t, nil)
	access := stellav1.NewAccessServiceClient(d.admin)
	for range 3 {
		d.policy(t, "%s", rules("administrator"))
		_, err := access.Reload(t.Context(), &stellav1.ReloadRequest{})
		must(t, err)
	}
	d.stop()
	return d.config
}

// faults gives what a check finds.
func faults(t *testing.T, c config.Config) (all []daemon.Finding) {
	t.Helper()
	_, err := daemon.CheckState(t.Context(), c, func(f daemon.Finding) {
		if f.Fault {
			all = append(all, f)
		}
	})
	must(t, err)
	return all
}

// TestCheckFinds: each harm to a state folder is a fault that names where, and its check changes nothing that the next
// check would need: it finds the same, for every fourth.
func TestCheckFinds(t *testing.T) {
	c := stopped(t)
	if found := faults(t, c); found != nil {
		t.Fatalf("a state that nothing happened to: %v", found)
	}
	for i, harm := range []struct {
		path, names string
		do          func(t *testing.T, path string)
	}{
		{"genesis.json", "put it back", remove},
		{"genesis.json", "", flip(10)},
		{"audit.key", "it is gone", remove},
		{"audit.key", "", flip(60)},
		{"audit.key", "others than its owner", func(t *testing.T, path string) { must(t, os.Chmod(path, 0o644)) }},
		{"audit/head", "it is gone", remove},
		{"audit/segments/00000000000000000000", "record 0 does not read", flip(400)},
		{"audit/checkpoints/*", "were stored", remove},
		{"audit/checkpoints/*", "", flip(150)},
		{"db/heads", "it is gone", remove},
		{"db/db/000001.sst", "it is damaged", flip(20)},
		{"db/db/MANIFEST", "it is damaged", flip(3)},
		{"stray", "none of the daemon's files", func(t *testing.T, path string) { lay(t, path, "") }},
		{"lock2", "no regular file", func(t *testing.T, path string) { must(t, os.Symlink("lock", path)) }},
		{"blobs/sha256/ab/cd", "", func(t *testing.T, path string) {
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			lay(t, path, "")
		}},
	} {
		t.Run(harm.path+" "+harm.names, func(t *testing.T) {
			harmed := copied(t, c)
			path := filepath.Join(harmed.State, harm.path)
			if found, err := filepath.Glob(path); err == nil && len(found) > 0 {
				path = found[0]
			}
			harm.do(t, path)
			found := faults(t, harmed)
			if len(found) == 0 || !strings.Contains(found[0].What, harm.names) || !strings.HasPrefix(found[0].Path, harmed.State) {
				t.Fatalf("found %v", found)
			}
			if i%4 > 0 {
				return // a few of them show it
			}
			if again := faults(t, harmed); len(again) != len(found) || again[0] != found[0] {
				t.Errorf("found %v, then %v", found, again)
			}
		})
	}
}

// TestCheckHoldsViewsToTheLog: a store that is whole by itself, but of another appliance, is found.
func TestCheckHoldsViewsToTheLog(t *testing.T) {
	c, other := stopped(t), stopped(t)
	must(t, os.RemoveAll(filepath.Join(c.State, "db")))
	must(t, os.Rename(filepath.Join(other.State, "db"), filepath.Join(c.State, "db")))
	found := faults(t, c)
	if len(found) != 1 || !strings.Contains(found[0].What, "is not the one that it has folded") {
		t.Errorf("found %v", found)
	}
}

// TestCheckBesideADaemon: a state that a daemon has is not read.
func TestCheckBesideADaemon(t *testing.T) {
	d := start(t, nil)
	_, err := daemon.CheckState(t.Context(), d.config, func(daemon.Finding) {})
	if !errors.Is(err, daemon.ErrRunning) {
		t.Errorf("beside a daemon: %v", err)
	}
}

// TestCheckBeforeGenesis: there is nothing to find where nothing began.
func TestCheckBeforeGenesis(t *testing.T) {
	if found := faults(t, folder(t)); found != nil {
		t.Errorf("found %v", found)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	must(t, os.Remove(path))
}

func flip(at int) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		content, err := os.ReadFile(path)
		must(t, err)
		content[at] ^= 1
		must(t, os.WriteFile(path, content, 0o600))
	}
}

// copied copies a state folder, without the room that is kept for a full disk.
func copied(t *testing.T, c config.Config) config.Config {
	t.Helper()
	to := config.Dev(t.TempDir())
	must(t, filepath.WalkDir(c.State, func(path string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(c.State, path)
		switch err = errors.Join(err, relErr); {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to.State, rel), 0o700)
		case d.Name() == "ballast" || d.Name() == "spare":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Join(to.State, rel)
		err = os.WriteFile(name, bytes.TrimRight(content, "\x00"), 0o600)
		return errors.Join(err, os.Truncate(name, int64(len(content))))
	}))
	return to
}
