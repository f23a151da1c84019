package access_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"stellad/access"
)

// policy is one for this machine, with one user of the given uid beside root.
func policy(version, uid int) string {
	return fmt.Sprintf("version = %d\n[roles]\nadministrator = [\"*:*\"]\n[users]\nroot = [\"administrator\"]\n\"uid:%d\" = [\"administrator\"]\n", version, uid)
}

// files are a policy file and a log that remembers which policy is in force.
type files struct {
	policy string
	log    *ledger
}

// ledger takes marks, unless it can't.
type ledger struct {
	last  access.Mark
	fails error
}

func (l *ledger) record(next access.Mark) error {
	if l.fails == nil {
		l.last = next
	}
	return l.fails
}

func place(t testing.TB, text string) files {
	t.Helper()
	dir := t.TempDir()
	f := files{filepath.Join(dir, "access.toml"), &ledger{}}
	f.put(t, text)
	return f
}

// put replaces the policy as an administrator would.
func (f files) put(t testing.TB, text string) {
	t.Helper()
	write(t, f.policy+".edit", text)
	if err := os.Rename(f.policy+".edit", f.policy); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f files) keeper() (*access.Keeper, error) {
	return access.NewKeeper(f.policy, catalog(), uint32(os.Geteuid()), f.log.last, f.log.record)
}

func (f files) mustKeep(t testing.TB) *access.Keeper {
	t.Helper()
	k, err := f.keeper()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func allows(k *access.Keeper, uid uint32) bool {
	return k.Policy().Allows(access.Actor{UID: uid, GID: 77}, want("keys:rotate"))
}

// refused holds an error to one line that names the file and what to do.
func refused(t testing.TB, name string, err error, says string) {
	t.Helper()
	if !errors.Is(err, access.ErrPolicy) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "/") {
		t.Errorf("%s: want one line with %q, got %v", name, says, err)
	}
}

func TestReload(t *testing.T) {
	f := place(t, policy(3, 5003))
	k := f.mustKeep(t)
	if changed, err := k.Reload(f.log.record); changed || err != nil {
		t.Error("the same file:", changed, err)
	}
	for _, c := range []struct{ name, text, says string }{
		{"an older one", policy(2, 5002), "version 2 is older than 3, which was in force: raise version above 3"},
		{"another of the same version", policy(3, 5002), "changed, but still of version 3: raise version above 3"},
		{"a bad one", policy(4, 5002) + "eve-the-unknown = ['administrator']\n", "access.toml:7: there is no user"},
		{"half of one", policy(4, 5002)[:60], "access.toml:"},
		{"an empty one", "", "access.toml:1: version is missing"},
		{"one that locks out", "version = 4\n", "access:reload"},
	} {
		f.put(t, c.text)
		changed, err := k.Reload(f.log.record)
		refused(t, c.name, err, c.says)
		if changed || k.Policy().Version != 3 || !allows(k, 5003) || allows(k, 5002) {
			t.Errorf("%s: the old policy is gone", c.name)
		}
	}
	if err := os.Remove(f.policy); err != nil {
		t.Fatal(err)
	}
	_, err := k.Reload(f.log.record)
	refused(t, "none", err, "no such file")
	f.put(t, policy(9, 5009))
	if changed, err := k.Reload(f.log.record); !changed || err != nil || k.Policy().Version != 9 || !allows(k, 5009) || allows(k, 5003) {
		t.Error("a newer one:", changed, err)
	}
}

// TestRestart: no restart brings an older policy back.
func TestRestart(t *testing.T) {
	f := place(t, policy(3, 5003))
	k := f.mustKeep(t)
	f.put(t, policy(4, 5004))
	if _, err := k.Reload(f.log.record); err != nil {
		t.Fatal(err)
	}
	f.mustKeep(t)
	for _, c := range []struct{ name, text, says string }{
		{"an older one", policy(3, 5003), "version 3 is older than 4"},
		{"another of the same version", policy(4, 5003), "raise version above 4"},
	} {
		f.put(t, c.text)
		k, err := f.keeper()
		refused(t, c.name, err, c.says)
		if k != nil {
			t.Errorf("%s: there is a keeper", c.name)
		}
	}
	if err := os.Remove(f.policy); err != nil {
		t.Fatal(err)
	}
	_, err := f.keeper()
	if refused(t, "gone", err, "version 4 was in force: put it back"); errors.Is(err, fs.ErrNotExist) {
		t.Error("a policy that was deleted is taken for one that never was")
	}
	f.put(t, policy(5, 5005))
	if k := f.mustKeep(t); !allows(k, 5005) {
		t.Error("a newer one is not in force")
	}
	f.put(t, policy(4, 5004))
	f.log = &ledger{}
	if k := f.mustKeep(t); !allows(k, 5004) {
		t.Error("without a record something is remembered")
	}
}

// TestRecordFirst: a policy of which no record can be made does not come into force.
func TestRecordFirst(t *testing.T) {
	full := errors.New("no paper")
	f := place(t, policy(3, 5003))
	f.log.fails = full
	if k, err := f.keeper(); k != nil || !errors.Is(err, full) {
		t.Errorf("a first one without a record: %v", err)
	}
	f.log.fails = nil
	k := f.mustKeep(t)
	if f.log.last != k.Policy().Mark() || f.log.last.Version != 3 {
		t.Errorf("recorded is %v", f.log.last)
	}
	f.put(t, policy(4, 5004))
	f.log.fails = full
	if _, err := k.Reload(f.log.record); !errors.Is(err, full) || errors.Is(err, access.ErrPolicy) {
		t.Errorf("without a record: %v", err)
	}
	if allows(k, 5004) || !allows(k, 5003) {
		t.Error("it is in force")
	}
	f.log.fails = nil
	if changed, err := k.Reload(f.log.record); !changed || err != nil || !allows(k, 5004) {
		t.Error("it is not taken when it can be:", err)
	}
	f.log.fails = full
	if changed, err := k.Reload(f.log.record); changed || err != nil {
		t.Error("the same one needs no record:", err)
	}
}

// TestCrash: a crash between the record and the policy leaves the record of a file that was not yet in force.
func TestCrash(t *testing.T) {
	f := place(t, policy(3, 5003))
	f.mustKeep(t)
	next := policy(5, 5005)
	f.put(t, next)
	f.log.last = access.Mark{Version: 5, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(next)))}
	if k := f.mustKeep(t); !allows(k, 5005) {
		t.Error("the policy that was recorded is not in force")
	}
}

func TestGuarded(t *testing.T) {
	for mode, ok := range map[fs.FileMode]bool{
		0o644: true, 0o600: true, 0o640: true, 0o444: true,
		0o664: false, 0o646: false, 0o666: false, 0o620: false, 0o602: false, 0o777: false,
	} {
		f := place(t, policy(1, 5001))
		if err := os.Chmod(f.policy, mode); err != nil {
			t.Fatal(err)
		}
		switch _, err := f.keeper(); {
		case ok && err != nil:
			t.Errorf("mode %04o: %v", mode, err)
		case !ok:
			refused(t, mode.String(), err, fmt.Sprintf("(mode %04o): chmod go-w %s", mode, f.policy))
		}
	}
	f := place(t, policy(1, 5001))
	if os.Geteuid() == 0 {
		// Root's files are always good: take another's.
		if err := os.Chown(f.policy, 4711, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := access.NewKeeper(f.policy, catalog(), 4711, access.Mark{}, nil); err != nil {
			t.Error("the daemon's own:", err)
		}
	}
	_, err := access.NewKeeper(f.policy, catalog(), 4712, access.Mark{}, nil)
	refused(t, "another's", err, "who could change it at will: chown root "+f.policy)
}

// TestNoFile: what is no regular file is refused, and no pipe is waited for.
func TestNoFile(t *testing.T) {
	for _, c := range []struct {
		name, says string
		make       func(f files) error
	}{
		{"a link", "a symbolic link: put the file itself there", func(f files) error { return os.Symlink(f.policy+".moved", f.policy) }},
		{"a dangling link", "a symbolic link", func(f files) error { return os.Symlink("nowhere", f.policy) }},
		{"a pipe", "not a regular file", func(f files) error { return syscall.Mkfifo(f.policy, 0o600) }},
		{"a folder", "not a regular file", func(f files) error { return os.Mkdir(f.policy, 0o700) }},
		{"too large", "larger than 1 MiB", func(f files) error {
			return os.WriteFile(f.policy, []byte(policy(1, 1)+strings.Repeat("#", 1<<20)), 0o600)
		}},
	} {
		f := place(t, policy(1, 5001))
		if err := errors.Join(os.Rename(f.policy, f.policy+".moved"), c.make(f)); err != nil {
			t.Fatal(err)
		}
		_, err := access.NewKeeper(f.policy, catalog(), uint32(os.Geteuid()), access.Mark{}, nil)
		refused(t, c.name, err, c.says)
	}
	f := place(t, "")
	if err := os.Remove(f.policy); err != nil {
		t.Fatal(err)
	}
	_, err := f.keeper()
	if refused(t, "none", err, "no such file"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("none before the first: ", err)
	}
}

// TestConcurrent: while files good and bad are put in place and reloaded, whoever asks sees one policy, whole.
func TestConcurrent(t *testing.T) {
	f := place(t, policy(1, 5001))
	k := f.mustKeep(t)
	done := make(chan struct{})
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for last := uint64(0); ; {
				p := k.Policy()
				mine, other := access.Actor{UID: uint32(5000 + p.Version), GID: 77}, access.Actor{UID: uint32(5001 + p.Version), GID: 77}
				if p.Version < last || !p.Allows(mine, want("keys:rotate")) || !p.Decide(mine, want("keys:rotate")).Allowed || p.Allows(other, want("keys:rotate")) {
					t.Errorf("version %d after %d is not whole", p.Version, last)
					return
				}
				last = p.Version
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 2 {
		asking.Go(func() { // a second who reloads
			for {
				_, _ = k.Reload(f.log.record) // a bad file is there now and then
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for v := 2; v < 40; v++ {
		f.put(t, policy(v, 5000+v)[:90])
		f.put(t, policy(v, 5000+v))
		if _, err := k.Reload(f.log.record); err != nil || k.Policy().Version != uint64(v) {
			t.Error(v, err)
		}
	}
	close(done)
	asking.Wait()
}
