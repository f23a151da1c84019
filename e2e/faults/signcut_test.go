package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"stellad/internal/tokens"
)

// TestSigningPowerCut cuts the power of a daemon and of its token, which are on one disk, while clients have things signed
// and stamped, again and again. Each bundle that a client has is found again: the same request is answered by the same
// signature, its entry and its record are there, and the checkpoint in it is one of the log as it is then. No request
// has two signatures, and of each intent the log says what became.
func TestSigningPowerCut(t *testing.T) {
	asRoot(t)
	promised, lost, short, cycles := 0, 0, 0, times(4, 200)
	var h home
	var d disk
	for i := range cycles {
		if i%50 == 0 { // by then what is asked again takes longer than what is cut
			h, d = keyedOnDisk(t)
		}
		p := newPromises(t)
		l, err := h.cutSigning(t, d, h.start(t), p, i%2 == 0)
		must(t, err)
		promised, lost, short = promised+p.count(), lost+l, short+p.cut
	}
	t.Logf("%-24s %6d cycles %8d acknowledged %6d lost; %d were cut short", "power cut while signing", cycles, promised, lost, short)
	if lost > 0 {
		t.Errorf("%d of %d signatures and timestamps are lost", lost, promised)
	}
	if promised < 10*cycles || short == 0 {
		t.Errorf("%d signatures and timestamps in %d cycles, and %d were cut short: the test is blind", promised, cycles, short)
	}
}

// TestSigningPowerCutIsSeen is its control.
func TestSigningPowerCutIsSeen(t *testing.T) {
	asRoot(t)
	h, d := keyedOnDisk(t)
	p := newPromises(t)
	lost, err := h.cutSigning(t, d, h.start(t, noSync...), p, false)
	if err != nil {
		lost = p.count()
	}
	t.Logf("without syncs: %d of %d signatures and timestamps are lost; %v", lost, p.count(), err)
	if lost == 0 {
		t.Error("with syncs that do nothing, none is lost: the power cut cuts nothing")
	}
}

// keyedOnDisk makes an appliance whose state and whose token are on a disk, with its keys in place and on it: SoftHSM
// syncs nothing, and what becomes of a key that it loses is not what is asked here.
func keyedOnDisk(t testing.TB) (home, disk) {
	t.Helper()
	d := newDisk(t, 1024)
	h := newHomeOf(t, filepath.Join(d.dir, "state"), serve(t, tokens.ForChildIn(t, filepath.Join(d.dir, "tokens"))))
	h.start(t).stop(t)
	run(t, "sync", "-f", d.dir)
	return h, d
}

// cutSigning lets clients have things signed for a while, cuts the power, and counts what is lost. Where the token stops
// first, intents are cut from their signatures. An error says that the state can't be used.
func (h home) cutSigning(t *testing.T, d disk, a *appliance, p *promises, tokenFirst bool) (lost int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	clients := a.sign(ctx, t, p)
	time.Sleep(100*time.Millisecond + rand.N(400*time.Millisecond))
	if tokenFirst {
		halt(t, h.token.pid())
		time.Sleep(50 * time.Millisecond)
	}
	halt(t, a.process().Pid)
	halt(t, h.token.pid())
	after := d.cut(t)
	cancel() // what a client hears from now on, nobody promised
	a.kill()
	clients.Wait()
	h.token.restart(t)
	defer after.unmount(t)
	there := h.elsewhere(t, filepath.Join(after.dir, "state"))
	there.token = serve(t, h.token.Copied(t, filepath.Join(after.dir, "tokens")))
	defer there.token.stop()
	there.configure(t)
	if out, status := there.check(t); status != 0 {
		return 0, fmt.Errorf("stellad check: exit status %d: %s", status, out)
	}
	b, err := there.tryStart(t)
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, b.log.String())
	}
	defer b.stop(t)
	b.until(t, keysInPlace)
	return p.lost(t, b), nil
}
