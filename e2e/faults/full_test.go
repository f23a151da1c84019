package faults

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// TestFullDisk fills the daemon's disk while clients act, and gives the room back, again and again: reading goes on,
// acts are refused soon, and done again soon after. No full disk ends the daemon.
func TestFullDisk(t *testing.T) {
	asRoot(t)
	for _, left := range []int64{0, 32 << 20, 80 << 20, 150 << 20, 300 << 20} {
		h := newHome(t, filepath.Join(newDisk(t, 1024).dir, "state"))
		k, lost, cycles := newAcks(), 0, times(1, 10)
		for range cycles {
			a := h.start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			clients := a.act(ctx, t, k)
			time.Sleep(100 * time.Millisecond)
			end := fillDisk(t, h.state, left)
			clients.Wait()
			cancel()
			a.readsOn(t, left)
			end()
			a.recovers(t)
			a.kill()
			h.good(t)
			lost += h.survivors(t, k)
		}
		t.Logf("full disk, %3d MiB left: %3d cycles %6d acknowledged %6d lost", left>>20, cycles, k.count(), lost)
		if lost > 0 {
			t.Errorf("%d acknowledged records are lost", lost)
		}
	}
}

// readsOn wants everything that only reads to work, and acts to be refused soon, or done where there is room.
func (a *appliance) readsOn(t *testing.T, left int64) {
	t.Helper()
	for range times(3, 10) {
		began := time.Now()
		_, err := a.audit.AcceptTime(within(t), &stellav1.AcceptTimeRequest{})
		if took := time.Since(began); took > soon || err == nil && left < 32<<20 {
			t.Errorf("%d MiB left: an act takes %v: %v", left>>20, took, err)
		}
		if _, err := a.records(within(t)); err != nil {
			t.Errorf("%d MiB left: reading the log: %v", left>>20, err)
		}
		a.answers(t, left)
		time.Sleep(300 * time.Millisecond)
	}
}

// answers asks for the status and for a verdict.
func (a *appliance) answers(t *testing.T, left int64) {
	t.Helper()
	status := exec.Command("adminctl", "status")
	status.Env = append(os.Environ(), "STELLA_DIR="+a.dir)
	out, err := status.CombinedOutput()
	if status := exitOf(err); status < 0 || len(out) == 0 || status == int(cli.StatusUnreachable) {
		t.Errorf("%d MiB left: adminctl status: %v\n%s", left>>20, err, out)
	}
	bundle, err := os.ReadFile(filepath.Join("..", "..", "packaging", "demo", "sigstore-js.sigstore.json"))
	must(t, err)
	verdict, err := stellav1.NewVerifyServiceClient(a.conn).Verify(within(t), &stellav1.VerifyRequest{Document: bundle})
	if err != nil || !verdict.GetVerified() {
		t.Errorf("%d MiB left: verification: %v, %v", left>>20, verdict.GetReason(), err)
	}
}

// TestStartOnAFullDisk: a daemon that starts where there is no room does, or says why not; and it starts once there is.
func TestStartOnAFullDisk(t *testing.T) {
	asRoot(t)
	for _, killed := range []bool{false, true} {
		for _, left := range []int64{0, 50 << 20, 150 << 20} {
			h, k := newHome(t, filepath.Join(newDisk(t, 1024).dir, "state")), newAcks()
			a := h.start(t)
			a.fill(t, k, 3)
			if killed {
				a.kill()
			} else {
				a.stop(t)
			}
			end := fillDisk(t, h.state, left)
			a, err := h.tryStart(t)
			t.Logf("start with %3d MiB left, after a kill %-5v: starts %v", left>>20, killed, err == nil)
			if said := a.log.String(); err != nil {
				t.Logf("%v: %s", err, said)
				if said == "" {
					t.Errorf("it does not start, and says nothing: %v", err)
				}
			}
			a.kill()
			end()
			if lost := h.survivors(t, k); lost > 0 {
				t.Errorf("%d acknowledged records are lost", lost)
			}
			h.good(t)
		}
	}
}
