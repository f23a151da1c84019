package faults

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	stellav1 "stellad/api/stella/v1"
	"stellad/hsm"
	"stellad/internal/cli"
	"stellad/internal/tokens"
)

// An outage is what may be the matter with the token of a running daemon. It returns what ends it.
type outage struct {
	name  string
	begin func(t testing.TB, k *token) (end func())
	says  string // part of what a client is told
	exits []int  // that stellad-hsm may end with meanwhile
}

var outages = []outage{
	{"folder gone", func(t testing.TB, k *token) func() { return moveAway(t, k.Dir) }, "HSM unavailable", nil},
	{"frozen", func(t testing.TB, k *token) func() {
		halt(t, k.pid())
		return func() { must(t, syscall.Kill(k.pid(), syscall.SIGCONT)) }
	}, "HSM unavailable", nil},
	{"C_Sign hangs", func(t testing.TB, k *token) func() { return k.misbehave(t, "hang") }, "HSM unavailable", []int{11}},
	{"C_Sign crashes", func(t testing.TB, k *token) func() { return k.misbehave(t, "crash-all") }, "HSM unavailable", []int{-1, 2}},
	{"C_Initialize hangs", func(t testing.TB, k *token) func() {
		end := k.misbehave(t, "hang-start")
		must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
		return end
	}, "HSM unavailable", []int{-1}},
	{"wrong PIN", func(t testing.TB, k *token) func() {
		k.writePIN(t, "wrong-horse-8")
		must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
		k.waitFor(t, pinRefused)
		return func() {
			k.writePIN(t, k.PIN)
			k.run(t) // as an administrator does
		}
	}, "HSM unavailable", []int{-1, pinRefused}},
	{"no rights", func(t testing.TB, k *token) func() { // as when its user is not in the token's group
		k.as(t, &syscall.Credential{Uid: 4242, Gid: 4242})
		must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
		k.untilOut(t)
		return func() {
			k.as(t, nil)
			must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
		}
	}, "add it to group softhsm", []int{-1}},
	{"key gone", func(t testing.TB, k *token) func() {
		end := k.untilRestored(t)
		for _, label := range inUseHere {
			must(t, k.client.Destroy(within(t), hsm.Reference{Label: label}))
		}
		return end
	}, "no such key in the token", []int{-1}},
	{"key twice", func(t testing.TB, k *token) func() {
		end := k.untilRestored(t)
		for _, label := range inUseHere {
			key, err := k.client.Find(within(t), hsm.Reference{Label: label})
			must(t, err)
			k.addKey(t, label, key.Attributes().ID)
		}
		k.restart(t) // what was found before is found still
		return end
	}, "more than one matches", []int{-1}},
}

// inUseHere are the keys that these tests sign with.
var inUseHere = []string{"attestation-1", "timestamp-1"}

// untilRestored has the token be as it is now when it ends.
func (k *token) untilRestored(t testing.TB) (end func()) {
	t.Helper()
	away := k.Dir + ".away"
	copyFolder(t, away, k.Dir)
	return func() {
		must(t, os.RemoveAll(k.Dir))
		must(t, os.Rename(away, k.Dir))
		must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
	}
}

// addKey puts another program's key into the token.
func (k *token) addKey(t testing.TB, label string, id []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	name := filepath.Join(k.dir, "key.pem")
	must(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	cmd := exec.Command("softhsm2-util", "--import", name, "--token", k.Label, "--label", label, "--id", hex.EncodeToString(id), "--force", "--pin", k.PIN)
	cmd.Env = append(os.Environ(), k.Env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// tell is how long a call may take in an outage: the daemon's own deadline, and what a busy machine adds.
const tell = hsm.CallLimit + time.Second

// TestOutages: whatever is the matter with the token, each call that needs it ends by its deadline with the status that
// says so, and all else goes on: verification, reading, other records. What was signed is given again, and the health
// service says that signing is out. When it is over,
// signatures are to be had within five seconds, of the same daemon, and nothing was signed twice.
func TestOutages(t *testing.T) {
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			if o.name == "no rights" {
				asRoot(t)
			}
			k := serveShim(t)
			h := newHomeOf(t, "", k)
			a, p := h.start(t), newPromises(t)
			a.signsAgain(t, p)
			must(t, a.askSome(p))
			began := len(k.statuses())
			end := o.begin(t, k)
			over := time.Now()
			for ok := true; ok; ok = long && time.Since(over) < time.Minute {
				a.refusesWithoutToken(t, p, o)
				a.worksWithoutToken(t, p)
			}
			if !strings.Contains(o.name, "C_Sign") { // of which a token that is asked how it is says nothing
				a.serves(t, healthpb.HealthCheckResponse_NOT_SERVING)
			}
			if out, _ := a.command("adminctl", "status").Output(); strings.HasPrefix(o.name, "key ") && !strings.Contains(string(out), o.says) {
				t.Errorf("status does not say what is the matter:\n%s", out)
			}
			end()
			over = time.Now()
			a.signsAgain(t, p)
			t.Logf("%-20s signs again after %v", o.name, time.Since(over).Round(time.Millisecond))
			a.serves(t, healthpb.HealthCheckResponse_SERVING)
			a.untilSettled(t)
			if lost := p.lost(t, a); lost > 0 {
				t.Errorf("%d of %d are lost", lost, p.count())
			}
			for _, status := range k.statuses()[began:] {
				if !strings.Contains(fmt.Sprint(o.exits), fmt.Sprint(status)) {
					t.Errorf("stellad-hsm ended with %v\n%s", k.statuses(), &k.log)
				}
			}
			a.stop(t)
			h.good(t)
			if t.Failed() {
				t.Logf("%.2000s", k.log.String())
			}
		})
	}
}

// askSome has something signed and stamped by calls.
func (a *appliance) askSome(p *promises) error {
	about := p.something()
	resp, err := a.signing.SignStatement(context.Background(), statement(about))
	if err == nil {
		p.keep(func() { p.bundles[about] = resp })
	}
	return err
}

// refusesWithoutToken wants each command that needs the token to say so by its deadline, also where several ask at a time.
func (a *appliance) refusesWithoutToken(t *testing.T, p *promises, o outage) {
	t.Helper()
	var all sync.WaitGroup
	commands := [][]string{
		{"adminctl", "timestamp", "request", "--data", a.config(), "--out", filepath.Join(p.dir, "refused.tsr")},
	}
	for range 4 {
		commands = append(commands, a.signCommand(p.something(), filepath.Join(p.dir, "refused.json")).Args)
	}
	if !strings.Contains(o.name, "C_Sign") && !strings.HasPrefix(o.name, "key ") { // then a key can be made
		commands = append(commands, []string{"adminctl", "key", "generate", "--label", "refused", "--role", "attestation"})
	}
	for _, args := range commands {
		all.Go(func() {
			began := time.Now()
			out, err := a.command(args...).CombinedOutput()
			limit := tell
			if args[2] == "generate" {
				limit += hsm.CallLimit // another act on keys may be waiting for the token before it
			}
			if took := time.Since(began); exitOf(err) != int(cli.StatusNoHSM) || !strings.Contains(string(out), o.says) || took > limit {
				t.Errorf("%v: %v after %v\n%s", args[1:3], err, took, out)
			}
		})
	}
	all.Wait()
	if left := files(t, p.dir); strings.Contains(strings.Join(left, " "), "refused") {
		t.Errorf("there are %v", left)
	}
}

// worksWithoutToken wants everything else to work, and to be told how it stands.
func (a *appliance) worksWithoutToken(t *testing.T, p *promises) {
	t.Helper()
	a.answers(t, -1)
	a.verifies(t, a.one(p))
	if !strings.Contains(listed(within(t), t, a), "attestation-1") {
		t.Error("the keys are not listed")
	}
	if _, err := a.audit.AcceptTime(within(t), &stellav1.AcceptTimeRequest{}); err != nil {
		t.Errorf("another record: %v", err)
	}
	out, err := a.command("adminctl", "status").CombinedOutput()
	if exitOf(err) != int(cli.StatusDone) && exitOf(err) != int(cli.StatusFailed) {
		t.Errorf("adminctl status: %v\n%s", err, out)
	}
	for about, was := range p.bundles { // it is in memory what was signed over it
		if now, err := a.signing.SignStatement(within(t), statement(about)); err != nil || now.GetSeq() != was.GetSeq() {
			t.Errorf("what was signed is not given again: %v", err)
		}
	}
}

// serves wants the health service to say so of signing, soon.
func (a *appliance) serves(t *testing.T, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	health := healthpb.NewHealthClient(a.conn)
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		got, err := health.Check(within(t), &healthpb.HealthCheckRequest{Service: stellav1.SigningService_ServiceDesc.ServiceName})
		must(t, err)
		if got.GetStatus() == want {
			return
		}
		if time.Since(began) > 15*time.Second {
			t.Errorf("signing is %v, not %v", got.GetStatus(), want)
			return
		}
	}
}

// serveShim is serveToken with the module that misbehaves before SoftHSM.
func serveShim(t testing.TB) *token {
	t.Helper()
	k := configureShim(t)
	k.run(t)
	k.await(t)
	return k
}

func configureShim(t testing.TB) *token {
	t.Helper()
	of := tokens.ForChild(t)
	control := shortDir(t)
	must(t, os.Chmod(control, 0o777))                            // for another user's stellad-hsm,
	must(t, os.Chmod(filepath.Dir(filepath.Dir(of.Dir)), 0o711)) // who may look for the token's folder
	of.Env = append(of.Env, "SHIM_MODULE="+of.Module, "SHIM_CONTROL="+control)
	of.Module = tokens.Shim(t)
	k := configureToken(t, of)
	k.controls = control
	return k
}

func (k *token) control(what string) string { return filepath.Join(k.controls, what) }

// misbehave has the shim do so until the end.
func (k *token) misbehave(t testing.TB, what string) (end func()) {
	t.Helper()
	must(t, os.WriteFile(k.control(what), nil, 0o600))
	return func() { must(t, os.Remove(k.control(what))) }
}

// untilOut waits until stellad-hsm says that its token is out of service.
func (k *token) untilOut(t testing.TB) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s, err := k.client.Status(within(t))
		if err == nil && s.Token == nil && s.LastError != "" {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%+v, %v\n%s", s, err, &k.log)
		}
	}
}

// waitFor waits until stellad-hsm has ended with a status.
func (k *token) waitFor(t testing.TB, status int) {
	t.Helper()
	for began := time.Now(); !strings.Contains(fmt.Sprint(k.statuses()), fmt.Sprint(status)); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("stellad-hsm ended with %v\n%s", k.statuses(), &k.log)
		}
	}
}
