package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"stellad/daemon/notify"
)

// systemd listens where a service manager would.
func systemd(t testing.TB) *net.UnixConn {
	t.Helper()
	name := filepath.Join(t.TempDir(), "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.(*testing.T).Setenv("NOTIFY_SOCKET", name)
	return conn
}

// heard reads one message, as systemd does: of assignments, a line each.
func heard(t testing.TB, conn *net.UnixConn) []string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if n > 4096 || bytes.IndexByte(buf[:n], 0) >= 0 {
		t.Fatalf("systemd drops such a message: %d bytes, %.60q", n, buf[:n])
	}
	return strings.Split(strings.TrimSuffix(string(buf[:n]), "\n"), "\n")
}

// silent fails where a message is there. A datagram that was sent is there at once.
func silent(t testing.TB, conn *net.UnixConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	if err := raw.Control(func(fd uintptr) {
		if n, _, err := unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("told %q, %v", buf[:max(n, 0)], err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func notifier() (notify.Notifier, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return notify.Notifier{Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func TestStates(t *testing.T) {
	conn := systemd(t)
	n, log := notifier()
	for _, c := range []struct {
		tell func()
		want string
	}{
		{func() { n.Ready("all is well") }, "READY=1|STATUS=all is well"},
		{func() { n.Status("half") }, "STATUS=half"},
		{n.Stopping, "STOPPING=1"},
	} {
		c.tell()
		if got := strings.Join(heard(t, conn), "|"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if log.Len() > 0 {
		t.Error(log)
	}
}

// TestReloading: systemd asks for the time of its own clock, and takes a READY=1 from before it for none.
func TestReloading(t *testing.T) {
	conn := systemd(t)
	n, _ := notifier()
	now := func() int64 {
		var at unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &at); err != nil {
			t.Fatal(err)
		}
		return at.Nano() / 1000
	}
	before := now()
	n.Reloading()
	after := now()
	got := heard(t, conn)
	if len(got) != 2 || got[0] != "RELOADING=1" {
		t.Fatalf("%q", got)
	}
	at, err := strconv.ParseInt(strings.TrimPrefix(got[1], "MONOTONIC_USEC="), 10, 64)
	if err != nil || at < before || at > after {
		t.Errorf("%q %v, want a time from %d to %d", got[1], err, before, after)
	}
}

// TestStatusIsOneLine: what an error quotes becomes no assignment, and does not have systemd drop the message.
func TestStatusIsOneLine(t *testing.T) {
	conn := systemd(t)
	n, _ := notifier()
	for _, hostile := range []string{
		"a\nb", "a\nMAINPID=1", "a\r\nWATCHDOG=trigger", "\nREADY=1", "a\x00b", "a\xff\xfeb", "a\x1b[2J", "a\u0085b",
		strings.Repeat("x", 4000), strings.Repeat("é", 1<<15), strings.Repeat("\n", 1<<15), "x" + strings.Repeat("é", 4000),
	} {
		n.Ready("refused: " + hostile)
		ready := heard(t, conn)
		n.Status("refused: " + hostile)
		status := heard(t, conn)
		if len(ready) != 2 || ready[0] != "READY=1" || len(status) != 1 || status[0] != ready[1] {
			t.Fatalf("%.20q is told as %.80q and %.80q", hostile, ready, status)
		}
		if line := status[0]; !strings.HasPrefix(line, "STATUS=refused: ") || !utf8.ValidString(line) ||
			strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x85 }) || len(line) > 1100 {
			t.Errorf("%.20q is told as %.80q, %d bytes", hostile, line, len(line))
		}
	}
	n.Status("é … 漢字 fit")
	if got := heard(t, conn)[0]; got != "STATUS=é … 漢字 fit" {
		t.Errorf("%q", got)
	}
}

// TestNobodyThere: the service goes on where systemd can't be told, and says so; and with nobody to tell, says nothing.
func TestNobodyThere(t *testing.T) {
	for socket, want := range map[string]int{"": 0, filepath.Join(t.TempDir(), "gone"): 4} {
		t.Setenv("NOTIFY_SOCKET", socket)
		n, log := notifier()
		n.Ready("a")
		n.Status("b")
		n.Reloading()
		n.Stopping()
		if got := strings.Count(log.String(), "systemd can't be told"); got != want {
			t.Errorf("%q: %d lines, want %d: %s", socket, got, want, log)
		}
	}
}

// TestEnvironmentStays: what tells is asked for more than once.
func TestEnvironmentStays(t *testing.T) {
	conn := systemd(t)
	n, _ := notifier()
	for range 3 {
		n.Status("again")
		heard(t, conn)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	t.Setenv("WATCHDOG_USEC", "30000")
	n.Watchdog(ctx, func(context.Context) error { return nil })
	if os.Getenv("WATCHDOG_USEC") != "30000" || os.Getenv("NOTIFY_SOCKET") == "" {
		t.Error("the environment was taken away")
	}
}
