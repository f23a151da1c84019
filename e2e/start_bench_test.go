package e2e

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart starts a daemon with the demo's trust until it says that it is ready, beside the same program that
// only says its release, and /bin/true, which is what a process costs. They take turns; medians of wall time are told.
func BenchmarkStart(b *testing.B) {
	d := newStarter(b)
	var ready times
	var version, nothing runs
	for b.Loop() {
		ready = append(ready, d.untilReady(b))
		version.run(b, "", []string{"stellad", "--version"})
		nothing.run(b, "", []string{"true"})
	}
	b.ReportMetric(0, "ns/op") // all three together: it says nothing
	b.ReportMetric(ready.micros(50)/1000, "ready-ms")
	b.ReportMetric(version.millis(), "version-ms")
	b.ReportMetric(nothing.millis(), "true-ms")
	b.ReportMetric(ready.micros(50)/1000/version.millis(), "x-version")
}

// A starter starts daemons in one folder, and hears what they tell systemd.
type starter struct {
	dir, notify string
	tells       *net.UnixConn
}

func newStarter(b *testing.B) *starter {
	dir := b.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(filepath.Join("..", "packaging", "demo", "trust"))); err != nil {
		b.Fatal(err)
	}
	s := &starter{dir: dir, notify: filepath.Join(dir, "notify.sock")}
	var err error
	if s.tells, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: s.notify}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.tells.Close() })
	return s
}

// untilReady is the time of one start. The daemon is stopped after it.
func (s *starter) untilReady(b *testing.B) time.Duration {
	cmd := exec.Command("stellad", "--dev", s.dir)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+s.notify)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s.await(b, "READY=1")
	took := time.Since(start)
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		b.Fatal(err)
	}
	return took
}

func (s *starter) await(b *testing.B, what string) {
	message := make([]byte, 4096)
	if err := s.tells.SetReadDeadline(time.Now().Add(turnTime)); err != nil {
		b.Fatal(err)
	}
	for {
		n, err := s.tells.Read(message)
		if err != nil {
			b.Fatalf("no %s: %v", what, err)
		}
		if strings.HasPrefix(string(message[:n]), what) {
			return
		}
	}
}
