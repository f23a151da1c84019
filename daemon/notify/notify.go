// Package notify tells systemd how the daemon stands (sd_notify(3)). Where no systemd started it, nothing is told.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// Notifier sends states. What can't be sent is logged: the service goes on.
type Notifier struct{ Log *slog.Logger }

// Ready tells that calls are answered, after a start or a reload.
func (n Notifier) Ready(status string) { n.send(daemon.SdNotifyReady, statusLine(status)) }

// Status sets the line that `systemctl status` shows.
func (n Notifier) Status(status string) { n.send(statusLine(status)) }

// statusLimit is in bytes. systemd drops a message of more than 4096 whole, and READY=1 with it.
const statusLimit = 1024

// statusLine keeps a status to one line, whatever error is in it: a line break would begin another assignment, and a
// NUL would have systemd drop the message.
func statusLine(status string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(status, "\uFFFD"))
	if len(line) > statusLimit {
		line = strings.ToValidUTF8(line[:statusLimit], "") + "…"
	}
	return "STATUS=" + line
}

// Reloading tells that a reload began; Ready ends it.
func (n Notifier) Reloading() {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // it can't fail with this clock
	n.send(daemon.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000))
}

// Stopping tells that the daemon is on its way out.
func (n Notifier) Stopping() { n.send(daemon.SdNotifyStopping) }

func (n Notifier) send(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		n.Log.Warn("systemd can't be told", "error", err)
	}
}

// Watchdog pings systemd's watchdog, where there is one, for as long as work gets done: each ping comes after a probe
// that succeeded. When probes fail, pings stop, and systemd ends and starts the service.
func (n Notifier) Watchdog(ctx context.Context, probe func(context.Context) error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil || limit == 0 {
		return
	}
	every := time.NewTicker(limit / 3)
	defer every.Stop()
	for {
		n.ping(ctx, limit/3, probe)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (n Notifier) ping(ctx context.Context, limit time.Duration, probe func(context.Context) error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := probe(within)
	if ctx.Err() != nil { // the daemon stops: whatever the probe says is no news
		return
	}
	if err != nil {
		n.Log.Error("the watchdog gets no ping: work can't be done", "error", err)
		return
	}
	n.send(daemon.SdNotifyWatchdog)
}
