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

type files struct{ policy, record string }

func place(t testing.TB, text string) files {
	t.Helper()
	dir := t.TempDir()
	f := files{filepath.Join(dir, "access.toml"), filepath.Join(dir, "record")}
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
	return access.NewKeeper(f.policy, catalog(), uint32(os.Geteuid()), f.record)
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
	if changed, err := k.Reload(); changed || err != nil {
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
		changed, err := k.Reload()
		refused(t, c.name, err, c.says)
		if changed || k.Policy().Version != 3 || !allows(k, 5003) || allows(k, 5002) {
			t.Errorf("%s: the old policy is gone", c.name)
		}
	}
	if err := os.Remove(f.policy); err != nil {
		t.Fatal(err)
	}
	_, err := k.Reload()
	refused(t, "none", err, "no such file")
	f.put(t, policy(9, 5009))
	if changed, err := k.Reload(); !changed || err != nil || k.Policy().Version != 9 || !allows(k, 5009) || allows(k, 5003) {
		t.Error("a newer one:", changed, err)
	}
}

// TestRestart: no restart brings an older policy back.
func TestRestart(t *testing.T) {
	f := place(t, policy(3, 5003))
	k := f.mustKeep(t)
	f.put(t, policy(4, 5004))
	if _, err := k.Reload(); err != nil {
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
	f.record = ""
	if k := f.mustKeep(t); !allows(k, 5004) {
		t.Error("without a record something is remembered")
	}
}

func TestRecord(t *testing.T) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(policy(3, 5003))))
	f := place(t, policy(3, 5003))
	f.mustKeep(t)
	if got, err := os.ReadFile(f.record); err != nil || string(got) != "3 "+sum+"\n" {
		t.Errorf("the record is %q, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty": "", "cut": "3 " + sum[:20], "no line end": "3 " + sum, "version 0": "0 " + sum + "\n", "negative": "-3 " + sum + "\n",
		"capitals": "3 " + strings.ToUpper(sum) + "\n", "two lines": "3 " + sum + "\n2 " + sum + "\n", "no version": sum + "\n",
		"a large version": "99999999999999999999 " + sum + "\n", "spaces": "3  " + sum + "\n", "not text": "\x00",
	} {
		write(t, f.record, text)
		_, err := f.keeper()
		refused(t, name, err, "remove this record")
		if got, _ := os.ReadFile(f.record); string(got) != text {
			t.Errorf("%s: the record was overwritten: %q", name, got)
		}
	}
	if err := os.Remove(f.record); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(f.policy, f.record); err != nil {
		t.Fatal(err)
	}
	_, err := f.keeper()
	refused(t, "a link", err, "remove this record")
	f.record = filepath.Join(t.TempDir(), "gone", "record")
	_, err = f.keeper()
	if refused(t, "no folder", err, "cannot be written"); errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing state folder is taken for a missing policy")
	}
}

// TestRecordFirst: a policy of which no record can be made does not come into force.
func TestRecordFirst(t *testing.T) {
	f := place(t, policy(3, 5003))
	k := f.mustKeep(t)
	f.put(t, policy(4, 5004))
	if err := os.Mkdir(f.record+".new", 0o700); err != nil { // what even root cannot write to
		t.Fatal(err)
	}
	_, err := k.Reload()
	refused(t, "no record", err, "cannot be written")
	if allows(k, 5004) || !allows(k, 5003) {
		t.Error("it is in force")
	}
	if err := os.Remove(f.record + ".new"); err != nil {
		t.Fatal(err)
	}
	if changed, err := k.Reload(); !changed || err != nil || !allows(k, 5004) {
		t.Error("it is not taken when it can be:", err)
	}
}

// TestLeftover: what a crash leaves beside the record is neither read nor in the way.
func TestLeftover(t *testing.T) {
	f := place(t, policy(3, 5003))
	write(t, f.record+".new", "9 half a rec")
	k := f.mustKeep(t)
	if _, err := os.Stat(f.record + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is still there:", err)
	}
	write(t, f.record+".new", strings.Repeat("9", 500))
	f.put(t, policy(4, 5004))
	if changed, err := k.Reload(); !changed || err != nil {
		t.Error(err)
	}
	// A crash between the record and the policy: the record is of a file that was not yet in force.
	next := policy(5, 5005)
	f.put(t, next)
	write(t, f.record, fmt.Sprintf("5 %x\n", sha256.Sum256([]byte(next))))
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
		if _, err := access.NewKeeper(f.policy, catalog(), 4711, ""); err != nil {
			t.Error("the daemon's own:", err)
		}
	}
	_, err := access.NewKeeper(f.policy, catalog(), 4712, "")
	refused(t, "another's", err, "who could change it at will: chown root "+f.policy)
}

// TestNoFile: what is no regular file is refused, and no pipe is waited for.
func TestNoFile(t *testing.T) {
	for _, c := range []struct {
		name, says string
		make       func(f files) error
	}{
		{"a link", "a symbolic link: put the file itself there", func(f files) error { return os.Symlink(f.record, f.policy) }},
		{"a dangling link", "a symbolic link", func(f files) error { return os.Symlink("nowhere", f.policy) }},
		{"a pipe", "not a regular file", func(f files) error { return syscall.Mkfifo(f.policy, 0o600) }},
		{"a folder", "not a regular file", func(f files) error { return os.Mkdir(f.policy, 0o700) }},
		{"too large", "larger than 1 MiB", func(f files) error {
			return os.WriteFile(f.policy, []byte(policy(1, 1)+strings.Repeat("#", 1<<20)), 0o600)
		}},
	} {
		f := place(t, policy(1, 5001))
		if err := errors.Join(os.Rename(f.policy, f.record), c.make(f)); err != nil {
			t.Fatal(err)
		}
		_, err := access.NewKeeper(f.policy, catalog(), uint32(os.Geteuid()), "")
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
				_, _ = k.Reload() // a bad file is there now and then
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
		if _, err := k.Reload(); err != nil || k.Policy().Version != uint64(v) {
			t.Error(v, err)
		}
	}
	close(done)
	asking.Wait()
}
