package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stellad/hsm"
	"stellad/internal/tokens"
)

// TestCheck says what is there, and ends with the status that says whether the service would work.
func TestCheck(t *testing.T) {
	b := newBed(t)
	status, out := b.once("check", "--config", b.config)
	if status != 0 || !strings.Contains(out, "in use      token:stella-test serial:") || !strings.Contains(out, "CKM_ECDSA") {
		t.Errorf("%d: %s", status, out)
	}
	b.token.Slot = "token:none"
	b.configure(tokens.Shim(t), 1)
	if status, out = b.once("check", "--config", b.config); status != 7 || !strings.Contains(out, "no token is token:none; there are token:stella-test") {
		t.Errorf("%d: %s", status, out)
	}
}

// TestNoRights: the bare CKR_GENERAL_ERROR of SoftHSM is explained to one who may not read its folder.
func TestNoRights(t *testing.T) {
	b := newBed(t)
	if os.Geteuid() == 0 {
		b.as = &syscall.Credential{Uid: 4242, Gid: 4242}
		must(t, os.Chmod(filepath.Dir(filepath.Dir(b.token.Dir)), 0o755)) // the test's own folder
		must(t, os.Chmod(filepath.Dir(b.token.Dir), 0o755))
	} else {
		must(t, os.Chmod(b.token.Dir, 0))
		defer func() { must(t, os.Chmod(b.token.Dir, 0o700)) }()
	}
	status, out := b.once("check", "--config", b.config)
	if status != 7 || !strings.Contains(out, "can't read "+b.token.Dir) || !strings.Contains(out, "add it to group softhsm") {
		t.Errorf("%d: %s", status, out)
	}
}

// TestBadStart: what can't work says so, at once, with its status.
func TestBadStart(t *testing.T) {
	b := newBed(t)
	good, err := os.ReadFile(b.config)
	must(t, err)
	for _, c := range []struct{ old, new, want string }{
		{"slot = ", "slat = ", "line 2: unknown key"},
		{"slot = \"token:stella-test\"", "", "slot: it is not set"},
		{"slot = \"token:", "slot = \"label:", "line 2: slot"},
		{"slot = \"token:stella-test\"", "slot = \"token:\"", "line 2: slot"},
		{"module = ", "#", "module: it is not set"},
		{"module = \"/", "module = \"", "a path starts with /"},
		{"shim-softhsm.so", "none.so", "no such file"},
		{"sessions = 4", "sessions = 0", "from 1 to 64"},
		{"sessions = 4", "sessions = 65", "from 1 to 64"},
		{"sessions = 4", "sessions = \"4\"", "line 6"},
		{"peer = \"uid:", "peer = \"uid:-", "neither a user's name nor uid:N"},
		{"peer = \"uid:", "peer = \"nobody-of-that-name", "no user is called"},
		{"pin-file = \"", "pin-file = \"/none", "no such file"},
		{"sessions = 4", "soft = \"/tmp/x\"", "for trials, with --dev"},
	} {
		must(t, os.WriteFile(b.config, []byte(strings.Replace(string(good), c.old, c.new, 1)), 0o644))
		status, out := b.once("--config", b.config)
		if status != 2 && status != 7 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d: %s", c.new, status, out)
		}
	}
	for _, args := range [][]string{{}, {"--config", b.config + ".none"}, {"check"}, {"--config", b.config, "x"}, {"sign"}, {"--config="}} {
		if status, out := b.once(args...); status != 2 {
			t.Errorf("%q: %d: %s", args, status, out)
		}
	}
}

// TestNoModule: a library that is none is told of.
func TestNoModule(t *testing.T) {
	b := newBed(t)
	b.configure("/etc/passwd", 1)
	if status, out := b.once("check", "--config", b.config); status != 7 || !strings.Contains(out, "can't be loaded") {
		t.Errorf("%d: %s", status, out)
	}
}

// TestSoft: keys in a file need --dev, and are told of.
func TestSoft(t *testing.T) {
	b := newBed(t)
	keys := filepath.Join(b.dir, "keys")
	must(t, os.WriteFile(b.config, fmt.Appendf(nil, "soft = %q\nsocket = %q\npeer = \"uid:%d\"\npin-file = %q\n",
		keys, b.socket, os.Geteuid(), b.pinFile()), 0o644))
	if status, out := b.once("check", "--config", b.config); status != 2 || !strings.Contains(out, "--dev") {
		t.Errorf("%d: %s", status, out)
	}
	status, out := b.once("check", "--dev", "--config", b.config)
	if status != 0 || !strings.Contains(out, hsm.SoftBackend) {
		t.Errorf("%d: %s", status, out)
	}
	b.writePIN("another")
	if status, out := b.once("check", "--dev", "--config", b.config); status != statusPIN {
		t.Errorf("%d: %s", status, out)
	}
}

// TestShipped: the file that packages install is one, with the values of its comments.
func TestShipped(t *testing.T) {
	text, err := os.ReadFile("stellad-hsm.toml")
	must(t, err)
	if _, err := parseConfig(text, false); err == nil || !strings.Contains(err.Error(), "module: it is not set") && !strings.Contains(err.Error(), "peer") {
		t.Errorf("%v", err)
	}
	full := strings.NewReplacer("\n#", "\n", "\n# ", "\n# ", `peer = "stellad"`, `peer = "root"`, `soft = ""`, "").Replace(string(text))
	c, err := parseConfig([]byte(keepSettings(full)), false)
	must(t, err)
	if c.Sessions != 4 || c.Socket != "/run/stella/hsm.sock" || c.Module == "" || c.Slot != "token:stella" || c.uid != 0 {
		t.Errorf("%+v", c)
	}
}

func keepSettings(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if key, _, is := strings.Cut(line, " = "); is && !strings.ContainsAny(key, " #`") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestConfined: the process leaves no core, and others of its user can't read what it holds.
func TestConfined(t *testing.T) {
	var before unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_CORE, &before))
	must(t, confine())
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_CORE, &limit))
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if limit.Cur != 0 || limit.Max != 0 || dumpable != 0 || err != nil {
		t.Errorf("%+v, dumpable %d, %v", limit, dumpable, err)
	}
	must(t, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
}

// TestStop: a stop takes two seconds at most, with calls under way in a module that hangs.
func TestStop(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	key := b.key(b.client(), "k")
	b.tell("hang")
	go func() { _ = b.signs(key, 20*time.Second) }()
	time.Sleep(300 * time.Millisecond)
	start := time.Now()
	s.signal(syscall.SIGTERM)
	<-s.stopped
	if took, exits := time.Since(start), s.statuses(); took > 5*time.Second || exits[0] != 0 {
		t.Errorf("%v, exits %v", took, exits)
	}
}
