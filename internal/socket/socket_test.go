package socket_test

import (
	"bufio"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stellad/internal/socket"
)

// bound is where a socket is before it has its name.
func bound(name string) string {
	return filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new", "s")
}

func made(t testing.TB, name string) net.Listener {
	t.Helper()
	l, err := socket.Make(name)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// answers tells whether a connection to name comes out at l.
func answers(t testing.TB, l net.Listener, name string) bool {
	t.Helper()
	client, err := net.Dial("unix", name)
	if err != nil {
		return false
	}
	defer client.Close()
	conn, err := l.Accept()
	must(t, err)
	return conn.Close() == nil
}

func alone(t testing.TB, dir string, names ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("in the folder: %q, want %q", got, names)
	}
}

func TestMake(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "admin.sock")
	old := syscall.Umask(0) // a daemon's may be anything
	l := made(t, name)
	syscall.Umask(old)
	info, err := os.Lstat(name)
	must(t, err)
	if info.Mode() != fs.ModeSocket|0o600 || !answers(t, l, name) {
		t.Errorf("mode %v", info.Mode())
	}
	alone(t, dir, "admin.sock")
	must(t, l.Close())
	alone(t, dir)
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second Close: %v", err)
	}
}

// TestMakeReplaces: a socket that is there, dead or not, makes way; what a crash left is cleared.
func TestMakeReplaces(t *testing.T) {
	for name, before := range map[string]func(t *testing.T, name string){
		"nothing": func(*testing.T, string) {},
		"a dead socket": func(t *testing.T, name string) {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: name})
			must(t, err)
			l.SetUnlinkOnClose(false)
			must(t, l.Close())
		},
		"a live socket": func(t *testing.T, name string) { made(t, name) },
		"a crash before the rename": func(t *testing.T, name string) {
			must(t, os.Mkdir(filepath.Dir(bound(name)), 0o777))
			l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: bound(name)})
			must(t, err)
			l.SetUnlinkOnClose(false)
			must(t, l.Close())
		},
		"a file in the folder's place": func(t *testing.T, name string) {
			must(t, os.WriteFile(filepath.Dir(bound(name)), nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "s.sock")
			before(t, name)
			if l := made(t, name); !answers(t, l, name) {
				t.Error("nobody answers")
			}
			alone(t, dir, "s.sock")
		})
	}
}

// TestMakeLeftoverLink: a link where the private folder goes is removed, and what it leads to stays as it is.
func TestMakeLeftoverLink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(elsewhere, "kept"), nil, 0o600))
	name := filepath.Join(dir, "s.sock")
	must(t, os.Symlink(elsewhere, filepath.Dir(bound(name))))
	made(t, name)
	alone(t, dir, "s.sock")
	alone(t, elsewhere, "kept")
}

func TestMakeRefuses(t *testing.T) {
	for name, before := range map[string]func(name string) error{
		"a file":            func(name string) error { return os.WriteFile(name, []byte("kept"), 0o600) },
		"a folder":          func(name string) error { return os.Mkdir(name, 0o700) },
		"a link to nothing": func(name string) error { return os.Symlink("nowhere", name) },
		"a link to a file":  func(name string) error { return os.Symlink("/etc/passwd", name) },
		"a pipe":            func(name string) error { return syscall.Mkfifo(name, 0o600) },
	} {
		dir := t.TempDir()
		at := filepath.Join(dir, "s.sock")
		must(t, before(at))
		was, err := os.Lstat(at)
		must(t, err)
		l, err := socket.Make(at)
		if l != nil || err == nil || !strings.Contains(err.Error(), at+": something else is there") {
			t.Errorf("%s: %v %v", name, l, err)
		}
		if is, err := os.Lstat(at); err != nil || !os.SameFile(is, was) || is.Mode() != was.Mode() || is.Size() != was.Size() {
			t.Errorf("%s: it was changed: %v %v", name, is, err)
		}
		alone(t, dir, "s.sock")
	}
}

// TestMakeAtALinkToASocket: it is the link that stands there, and it leads to another's socket.
func TestMakeAtALinkToASocket(t *testing.T) {
	dir := t.TempDir()
	theirs := made(t, filepath.Join(dir, "theirs"))
	must(t, os.Symlink("theirs", filepath.Join(dir, "s.sock")))
	if _, err := socket.Make(filepath.Join(dir, "s.sock")); err == nil {
		t.Error("a link was replaced")
	}
	if !answers(t, theirs, filepath.Join(dir, "theirs")) {
		t.Error("theirs is gone")
	}
}

func TestMakeNoFolder(t *testing.T) {
	if _, err := socket.Make(filepath.Join(t.TempDir(), "no", "s.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestMakeLongPath(t *testing.T) {
	dir := t.TempDir()
	room := 107 - len(dir) - len("/..new/s")
	longest := filepath.Join(dir, strings.Repeat("l", room))
	if l := made(t, longest); !answers(t, l, longest) {
		t.Error("nobody answers")
	}
	_, err := socket.Make(longest + "llm")
	if err == nil || err.Error() != "socket "+longest+"llm: the path is too long by 3 bytes" {
		t.Errorf("%v", err)
	}
	alone(t, dir, filepath.Base(longest))
}

// TestCloseLeavesAnothers: the name of a socket that took this one's place stays.
func TestCloseLeavesAnothers(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "s.sock")
	first := made(t, name)
	second := made(t, name)
	must(t, first.Close())
	alone(t, dir, "s.sock")
	if !answers(t, second, name) {
		t.Error("the second is gone")
	}
	must(t, second.Close())
	third := made(t, name) // it may have the inode of the first
	_, _ = first.Close(), second.Close()
	if !answers(t, third, name) {
		t.Error("the third is gone")
	}
	must(t, os.Remove(name))
	must(t, third.Close()) // somebody took the name away: nothing is left to do
}

// TestNeverOpen: however often a socket is made and closed, one who looks all the time sees no mode but 0600 and
// finds no way in.
func TestNeverOpen(t *testing.T) {
	dir, err := os.MkdirTemp("", "stella-open") // which others may enter, as /run/stella
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chmod(dir, 0o755))
	name := filepath.Join(dir, "s.sock")
	cmd := child(t, name)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4242, Gid: 4242}}
	}
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	said := bufio.NewScanner(out)
	if !said.Scan() || said.Text() != "looking" {
		t.Fatalf("the child said %q", said.Text())
	}
	old := syscall.Umask(0)
	for range 500 {
		l, err := socket.Make(name)
		must(t, err)
		must(t, l.Close())
	}
	syscall.Umask(old)
	must(t, in.Close())
	for said.Scan() {
		if !strings.HasPrefix(said.Text(), "looks: ") {
			t.Error(said.Text())
		} else if said.Text() == "looks: 0" {
			t.Error("it looked at nothing")
		}
	}
	must(t, cmd.Wait())
}
