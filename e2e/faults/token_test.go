package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/internal/tokens"
)

// A token is SoftHSM's, which a stellad-hsm of its own serves until its test ends. It is started again whenever it fails,
// as its unit has it, but for a refused PIN.
type token struct {
	tokens.Token

	dir      string // of its configuration, its PIN and its socket
	socket   string
	controls string // what the shim is told in; "" where there is none
	log      text
	client   *hsm.Client
	stop     func() // ends it for good

	mu    sync.Mutex // guards what follows
	cmd   *exec.Cmd
	exits []int               // so far; -1 by a signal
	user  *syscall.Credential // nil for this one
	ended bool
}

// pinRefused is stellad-hsm's exit status after which it is not started again.
const pinRefused = 10

// serveToken makes a token in a folder that no test does harm to, and returns when it is in service.
func serveToken(t testing.TB) *token {
	t.Helper()
	return serve(t, tokens.ForChild(t))
}

// serve has a token answer, and returns when it is in service.
func serve(t testing.TB, of tokens.Token) *token {
	t.Helper()
	k := configureToken(t, of)
	k.run(t)
	k.await(t)
	return k
}

// configureToken makes what a stellad-hsm needs, and does not start it.
func configureToken(t testing.TB, of tokens.Token) *token {
	t.Helper()
	dir := shortDir(t)
	k := &token{Token: of, dir: dir, socket: filepath.Join(dir, "hsm.sock")}
	k.writePIN(t, k.PIN)
	must(t, os.WriteFile(k.config(), fmt.Appendf(nil, "module = %q\nslot = %q\nsocket = %q\npeer = \"uid:%d\"\npin-file = %q\n",
		k.Module, k.Slot, k.socket, os.Geteuid(), filepath.Join(dir, "pin")), 0o600))
	var err error
	k.client, err = hsm.Dial(k.socket)
	must(t, err)
	t.Cleanup(func() { _ = k.client.Close() })
	return k
}

func (k *token) config() string { return filepath.Join(k.dir, "stellad-hsm.toml") }

func (k *token) writePIN(t testing.TB, pin string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(k.dir, "pin"), []byte(pin+"\n"), 0o600))
}

// run starts stellad-hsm, again and again.
func (k *token) run(t testing.TB) {
	t.Helper()
	must(t, k.start())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for k.startAgain() {
			time.Sleep(100 * time.Millisecond)
		}
	}()
	k.stop = func() {
		k.mu.Lock()
		k.ended = true
		_ = k.cmd.Process.Kill()
		k.mu.Unlock()
		<-stopped
	}
	t.Cleanup(k.stop)
}

// restart kills stellad-hsm, and waits until the token is in service again.
func (k *token) restart(t testing.TB) {
	t.Helper()
	before := len(k.statuses())
	must(t, syscall.Kill(k.pid(), syscall.SIGKILL))
	for len(k.statuses()) == before {
		time.Sleep(5 * time.Millisecond)
	}
	k.await(t)
}

func (k *token) start() error {
	k.cmd = exec.Command("stellad-hsm", "--config", k.config())
	k.cmd.Env = append(os.Environ(), k.Env...)
	k.cmd.Stdout, k.cmd.Stderr = &k.log, &k.log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: k.user}
	return k.cmd.Start()
}

// startAgain waits until stellad-hsm has ended and starts it; false where it stays ended.
func (k *token) startAgain() bool {
	_ = k.cmd.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	status := k.cmd.ProcessState.ExitCode()
	k.exits = append(k.exits, status)
	return !k.ended && status != pinRefused && k.start() == nil
}

// pid is the stellad-hsm's that runs.
func (k *token) pid() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cmd.Process.Pid
}

// as has stellad-hsm be another user's from its next start on, who may use its folder.
func (k *token) as(t testing.TB, user *syscall.Credential) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.user = user
	must(t, os.RemoveAll(k.socket))
	uid, gid := os.Geteuid(), os.Getegid()
	if user != nil {
		uid, gid = int(user.Uid), int(user.Gid)
	}
	must(t, filepath.WalkDir(k.dir, func(name string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(name, uid, gid))
	}))
}

// statuses are those that stellad-hsm has ended with.
func (k *token) statuses() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.exits)
}

// await waits until the token is in service.
func (k *token) await(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s, err := k.client.Status(ctx)
		cancel()
		if err == nil && s.Token != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no token: %v\n%s", err, &k.log)
		}
	}
}

// labels are those of the keys that the token has, by its own word.
func (k *token) labels(t testing.TB) (all []string) {
	t.Helper()
	found, err := k.client.Keys(within(t))
	must(t, err)
	for _, a := range found {
		all = append(all, a.Label)
	}
	slices.Sort(all)
	return all
}
