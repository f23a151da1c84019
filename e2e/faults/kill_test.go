package faults

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// TestKill kills the daemon at any moment while clients act, again and again: it starts again by itself, and nothing
// that a client was told is gone. It says nothing of power cuts: the kernel lives on.
func TestKill(t *testing.T) {
	h, k, lost := newHome(t, ""), newAcks(), 0
	cycles := times(6, 200)
	for range cycles {
		a := h.start(t)
		ctx, cancel := context.WithCancel(t.Context())
		clients := a.act(ctx, t, k)
		time.Sleep(20*time.Millisecond + rand.N(300*time.Millisecond))
		a.kill()
		cancel()
		clients.Wait()
		h.good(t)
		lost += h.survivors(t, k)
	}
	report(t, "kill -9", cycles, k, lost)
}

// survivors starts the daemon, counts what is lost, and stops it.
func (h home) survivors(t testing.TB, k *acks) (lost int) {
	t.Helper()
	a := h.start(t)
	rows, err := a.records(within(t))
	must(t, err)
	lost = k.lost(t, rows)
	a.stop(t)
	return lost
}

// report prints a test's figures, and fails it where acknowledged records are lost or it saw too few to tell.
func report(t *testing.T, name string, cycles int, k *acks, lost int) {
	t.Helper()
	t.Logf("%-24s %6d cycles %8d acknowledged %6d lost", name, cycles, k.count(), lost)
	if lost > 0 {
		t.Errorf("%d of %d acknowledged records are lost", lost, k.count())
	}
	if k.count() < 5*cycles {
		t.Errorf("%d acknowledged records in %d cycles: the test is blind", k.count(), cycles)
	}
}
