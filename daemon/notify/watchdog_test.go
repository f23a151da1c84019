package notify_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A dog is a watchdog that runs until the test ends, and asks its probe of the test.
type dog struct {
	conn  *net.UnixConn
	asked chan context.Context // a probe began
	reply chan error           // what it found
	stop  func()
	ended chan struct{}
	log   interface{ String() string } // to be read once it has ended
}

func watchdog(t *testing.T, limit time.Duration) *dog {
	t.Helper()
	d := &dog{conn: systemd(t), asked: make(chan context.Context), reply: make(chan error), ended: make(chan struct{})}
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(limit.Microseconds(), 10))
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	n, log := notifier()
	d.log = log
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = func() { cancel(); <-d.ended }
	go func() {
		defer close(d.ended)
		n.Watchdog(ctx, func(ctx context.Context) error {
			select {
			case d.asked <- ctx:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case err := <-d.reply:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(d.stop)
	return d
}

func (d *dog) answer(err error) { <-d.asked; d.reply <- err }

func (d *dog) pinged(t *testing.T) {
	t.Helper()
	if got := heard(t, d.conn); len(got) != 1 || got[0] != "WATCHDOG=1" {
		t.Errorf("told %q", got)
	}
}

// TestWatchdog: one ping for each probe that succeeded, none before it or for one that failed, and again when work gets
// done again.
func TestWatchdog(t *testing.T) {
	d := watchdog(t, 300*time.Millisecond)
	for range 2 {
		d.answer(nil)
		d.pinged(t)
	}
	for range 3 {
		d.answer(errors.New("no disk"))
	}
	<-d.asked // the failed ones are through
	silent(t, d.conn)
	d.reply <- nil
	d.pinged(t)
	d.stop()
	silent(t, d.conn)
	if got := strings.Count(d.log.String(), "no disk"); got != 3 {
		t.Errorf("the log has %d of 3 failures: %s", got, d.log)
	}
}

// TestWatchdogHangs: a probe that gets no answer is ended in time, and pings nothing.
func TestWatchdogHangs(t *testing.T) {
	d := watchdog(t, 150*time.Millisecond)
	d.answer(nil)
	d.pinged(t)
	for range 2 {
		ctx := <-d.asked
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > 50*time.Millisecond {
			t.Errorf("a probe may take until %v", until)
		}
		<-ctx.Done()
	}
	<-d.asked
	silent(t, d.conn)
	d.reply <- nil
	d.pinged(t)
}

// TestWatchdogInTime: pings come often enough for systemd to be sure of two within its limit.
func TestWatchdogInTime(t *testing.T) {
	const limit = 600 * time.Millisecond
	d := watchdog(t, limit)
	var first time.Time
	for i := range 4 {
		d.answer(nil)
		d.pinged(t)
		if i == 0 {
			first = time.Now()
		}
	}
	if took := time.Since(first); took > 2*limit { // three thirds, and a slow machine
		t.Errorf("three pings took %v, the limit being %v", took, limit)
	}
}

// TestWatchdogStops: it ends with the daemon, in a probe and out of it, with no ping and no alarm in the log.
func TestWatchdogStops(t *testing.T) {
	within := watchdog(t, time.Hour)
	<-within.asked
	within.stop()
	silent(t, within.conn)
	if within.log.String() != "" {
		t.Errorf("a stop is told as a failure: %s", within.log)
	}
	between := watchdog(t, time.Hour)
	between.answer(nil)
	between.pinged(t)
	between.stop()
	silent(t, between.conn)
}

// TestNoWatchdog: where none watches this process, nothing is probed or told.
func TestNoWatchdog(t *testing.T) {
	conn := systemd(t)
	for _, c := range []struct{ name, limit, pid string }{
		{"none", "", ""},
		{"another process's", "1000", strconv.Itoa(os.Getpid() + 1)},
		{"its parent's", "1000", strconv.Itoa(os.Getppid())},
		{"no number", "soon", strconv.Itoa(os.Getpid())},
		{"no time", "0", strconv.Itoa(os.Getpid())},
		{"less than no time", "-1", strconv.Itoa(os.Getpid())},
		{"no process's", "1000", "me"},
	} {
		t.Setenv("WATCHDOG_USEC", c.limit)
		t.Setenv("WATCHDOG_PID", c.pid)
		n, _ := notifier()
		n.Watchdog(t.Context(), func(context.Context) error { t.Errorf("%s: probed", c.name); return nil })
		silent(t, conn)
	}
}
