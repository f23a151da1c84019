//go:build system

package system

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// testStop: a client that stays connected, with a stream open, does not hold up a stop.
func testStop(t *testing.T, m *machine) {
	connect(t, m)
	start := time.Now()
	m.must(t, "systemctl stop stellad")
	took := time.Since(start)
	t.Logf("stop with a client connected: %v", took.Round(time.Millisecond))
	if result := m.property(t, "stellad", "Result"); took > 10*time.Second || result != "success" {
		t.Errorf("the stop took %v, result %s", took, result)
	}
	// The sockets still listen: the next call starts the daemon.
	if r := m.as("ada", "adminctl", "status"); r.status != 0 {
		t.Errorf("a call after the stop: %v", r)
	}
	if state := m.property(t, "stellad", "ActiveState"); state != "active" {
		t.Errorf("the service is %s after a call", state)
	}
}

// testWatchdog: a daemon that answers is left alone; one that hangs, with clients connected, is ended and started.
func testWatchdog(t *testing.T, m *machine) {
	m.must(t, `mkdir -p /run/systemd/system/stellad.service.d
		printf '[Service]\nWatchdogSec=3s\n' >/run/systemd/system/stellad.service.d/watchdog.conf
		systemctl daemon-reload; systemctl restart stellad`)
	connect(t, m)
	pid := m.property(t, "stellad", "MainPID")
	time.Sleep(7 * time.Second)
	if now := m.property(t, "stellad", "MainPID"); now != pid {
		t.Fatalf("the watchdog ended a daemon that answers")
	}

	before := inodes(t, m)
	start := time.Now()
	m.must(t, "kill -STOP "+pid)
	eventually(t, "the watchdog ends the daemon and systemd starts it", func() error {
		now, state := m.property(t, "stellad", "MainPID"), m.property(t, "stellad", "ActiveState")
		if now == pid || state != "active" {
			return fmt.Errorf("%s, main PID %s", state, now)
		}
		return nil
	})
	t.Logf("frozen to READY again: %v", time.Since(start).Round(time.Millisecond))
	if text := m.must(t, "journalctl --unit=stellad --lines=2000 --output=cat"); !strings.Contains(text, "Watchdog timeout") {
		t.Errorf("the journal does not tell of the watchdog:\n%s", text)
	}
	if after := inodes(t, m); after != before {
		t.Errorf("the sockets' inodes were %q and are %q", before, after)
	}
	for _, r := range []result{m.as("ada", "adminctl", "status"), m.verify("sam")} {
		if r.status != 0 {
			t.Errorf("a call afterwards: %v", r)
		}
	}
	m.must(t, "rm -r /run/systemd/system/stellad.service.d; systemctl daemon-reload; systemctl restart stellad")
}
