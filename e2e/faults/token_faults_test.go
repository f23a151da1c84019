package faults

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// TestStartWithoutToken: a daemon starts without its token, verifies, says how it stands, and signs when it comes.
func TestStartWithoutToken(t *testing.T) {
	k := serveToken(t)
	h := newHomeOf(t, "", k)
	a, p := h.start(t), newPromises(t)
	a.signsAgain(t, p)
	must(t, a.askSome(p))
	a.stop(t)
	end := moveAway(t, k.Dir)
	must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
	k.untilOut(t)
	a, err := h.tryStart(t)
	if err != nil {
		t.Fatalf("%v\n%s", err, &a.log)
	}
	a.serves(t, healthpb.HealthCheckResponse_NOT_SERVING)
	all, err := healthpb.NewHealthClient(a.conn).Check(within(t), &healthpb.HealthCheckRequest{})
	if err != nil || all.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("the daemon itself: %v, %v", all, err)
	}
	a.answers(t, -1)
	a.verifies(t, a.one(p))
	out, err := a.signCommand(p.something(), filepath.Join(p.dir, "refused.json")).CombinedOutput()
	if exitOf(err) != int(cli.StatusNoHSM) {
		t.Errorf("%v\n%s", err, out)
	}
	if said, _ := a.command("adminctl", "status").Output(); !strings.Contains(string(said), "HSM unavailable") {
		t.Errorf("status does not say what is the matter:\n%s", said)
	}
	end()
	a.signsAgain(t, p)
	a.serves(t, healthpb.HealthCheckResponse_SERVING)
	if lost := p.lost(t, a); lost > 0 {
		t.Errorf("%d of %d are lost", lost, p.count())
	}
}

// TestSessionsClosed: sessions and login are taken away while clients sign, again and again, and hardly a client hears
// of it.
func TestSessionsClosed(t *testing.T) {
	k := serveShim(t)
	a, p := newHomeOf(t, "", k).start(t), newPromises(t)
	ctx, cancel := context.WithCancel(t.Context())
	clients := a.sign(ctx, t, p)
	rounds, failed := times(30, 600), 0
	for range rounds {
		before := size(k.control("logins"))
		must(t, os.WriteFile(k.control("close-all"), nil, 0o600))
		for began := time.Now(); size(k.control("logins")) == before; time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > 5*time.Second {
				t.Fatal("nobody logged in again")
			}
		}
		if _, err := a.signing.SignStatement(within(t), statement(p.something())); err != nil {
			failed++
		}
	}
	if exits := k.statuses(); len(exits) > 0 || failed > 2 { // a machine that is busy enough has two closings hit one call
		t.Errorf("%d of %d failed; stellad-hsm ended with %v", failed, rounds, exits)
	}
	before := p.count()
	time.Sleep(500 * time.Millisecond)
	if p.count() == before {
		t.Error("the clients have left: they were refused")
	}
	cancel()
	clients.Wait()
	a.untilSettled(t) // what nobody waits for any more
	if lost := p.lost(t, a); lost > 0 {
		t.Errorf("%d of %d are lost", lost, p.count())
	}
	t.Logf("%-24s %6d times %8d acknowledged", "sessions closed", rounds, p.count())
}

func size(name string) int {
	text, _ := os.ReadFile(name) // it is not there at first
	return len(text)
}

// TestStrangersKeys: another program's key of the label of ours is not taken for it, and none is made beside one.
func TestStrangersKeys(t *testing.T) {
	k := serveToken(t)
	a := newHomeOf(t, "", k).start(t)
	for _, label := range append(inUseHere, "log-1", "audit-1", "strange") {
		k.addKey(t, label, []byte{0xbe, 0xef})
	}
	k.restart(t)
	p := newPromises(t)
	a.signsAgain(t, p)
	must(t, a.askSome(p))
	a.verifies(t, a.one(p))
	must(t, a.stampByCommand(t.Context(), p, p.something()))
	out, err := a.command("adminctl", "key", "generate", "--label", "strange", "--role", "attestation").CombinedOutput()
	if exitOf(err) != int(cli.StatusBadInput) || !strings.Contains(string(out), "strange already") {
		t.Errorf("%v\n%s", err, out)
	}
	rotated, err := a.keys.RotateKey(within(t), &stellav1.RotateKeyRequest{NewLabel: "next"})
	if err != nil || rotated.GetVerified() != 2 || len(rotated.GetFailed()) > 0 {
		t.Errorf("a rotation: %v, %v", rotated, err)
	}
}
