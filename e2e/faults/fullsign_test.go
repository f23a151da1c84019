package faults

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/internal/cli"
)

// TestFullDiskSigning fills the disk while clients have things signed and stamped. Then both are refused, with the reason
// and the exit status of an appliance that is read-only, and nothing of it is done: what was signed before verifies and
// is given again, and the log has nothing new. With room again, signing goes on by itself, and of each signature that was
// cut short the log says so. No restart is in this.
func TestFullDiskSigning(t *testing.T) {
	asRoot(t)
	refusals := 0
	for range times(1, 20) {
		h := newHomeOf(t, filepath.Join(newDisk(t, 1024).dir, "state"), serveToken(t))
		a, p := h.start(t), newPromises(t)
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		clients := a.sign(ctx, t, p)
		time.Sleep(300 * time.Millisecond)
		end := fillDisk(t, h.state, 0)
		clients.Wait()
		cancel()
		refusals += a.refusesToSign(t, p)
		end()
		began := time.Now()
		a.signsAgain(t, p)
		t.Logf("signs again %v after there was room", time.Since(began).Round(time.Millisecond))
		a.untilSettled(t)
		if lost := p.lost(t, a); lost > 0 {
			t.Errorf("%d of %d signatures and timestamps are lost", lost, p.count())
		}
		a.verifies(t, a.one(p))
		a.stop(t)
		h.good(t)
	}
	t.Logf("%-24s %6d refused", "full disk while signing", refusals)
}

// one is a bundle that a client has.
func (a *appliance) one(p *promises) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.bundles {
		return b.GetBundle()
	}
	return nil
}

// refusesToSign wants commands refused soon, as on an appliance that is read-only, and without effect.
func (a *appliance) refusesToSign(t *testing.T, p *promises) (refused int) {
	t.Helper()
	before := a.readable(t)
	for range times(3, 10) {
		for _, args := range [][]string{
			a.signCommand(p.something(), filepath.Join(p.dir, "refused.json")).Args,
			{"adminctl", "timestamp", "request", "--data", a.config(), "--out", filepath.Join(p.dir, "refused.tsr")},
		} {
			began := time.Now()
			out, err := a.command(args...).CombinedOutput()
			if took := time.Since(began); exitOf(err) != int(cli.StatusFailed) || !strings.Contains(string(out), "read-only") || took > soon {
				t.Errorf("%v: %v after %v\n%s", args[1:3], err, took, out)
			}
			refused++
		}
	}
	if now := a.readable(t); now != before {
		t.Errorf("%d signatures and timestamps became %d", before, now)
	}
	if left := files(t, p.dir); strings.Contains(strings.Join(left, " "), "refused") {
		t.Errorf("there are %v", left)
	}
	a.verifies(t, a.one(p))
	a.answers(t, 0)
	return refused
}

// readable is how many signatures and timestamps the log has, which can be read always.
func (a *appliance) readable(t *testing.T) int {
	t.Helper()
	rows, err := a.records(within(t))
	must(t, err)
	return count(t, rows, "signed") + count(t, rows, "stamp")
}

// signsAgain wants a command to be answered soon.
func (a *appliance) signsAgain(t *testing.T, p *promises) {
	t.Helper()
	about := p.something()
	file := filepath.Join(p.dir, about+".json")
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		out, err := a.signCommand(about, file).CombinedOutput()
		if err == nil {
			p.keep(func() { p.files[about] = file })
			return
		}
		if time.Since(began) > 5*time.Second {
			t.Fatalf("after 5 s: %v\n%s\n%s", err, out, a.tail())
		}
	}
}

// untilSettled waits until each intent has its end.
func (a *appliance) untilSettled(t *testing.T) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		rows, err := a.records(within(t))
		must(t, err)
		open := openIntents(t, rows)
		if len(open) == 0 {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("after 10 s, of the intents %v nobody says what became", open)
		}
	}
}
