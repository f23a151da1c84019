package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/internal/tokens"
)

// A token is SoftHSM's, in a folder that no test does harm to, which a stellad-hsm of its own serves until its test ends.
type token struct {
	tokens.Token

	socket string
	cmd    *exec.Cmd
	log    text
	client *hsm.Client
}

// serveToken makes a token, and returns when it is in service.
func serveToken(t testing.TB) *token {
	t.Helper()
	dir := shortDir(t)
	k := &token{Token: tokens.ForChild(t), socket: filepath.Join(dir, "hsm.sock")}
	pin, config := filepath.Join(dir, "pin"), filepath.Join(dir, "stellad-hsm.toml")
	must(t, os.WriteFile(pin, []byte(k.PIN+"\n"), 0o600))
	must(t, os.WriteFile(config, fmt.Appendf(nil, "module = %q\nslot = %q\nsocket = %q\npeer = \"uid:%d\"\npin-file = %q\n",
		k.Module, k.Slot, k.socket, os.Geteuid(), pin), 0o600))
	k.cmd = exec.Command("stellad-hsm", "--config", config)
	k.cmd.Env = append(os.Environ(), k.Env...)
	k.cmd.Stdout, k.cmd.Stderr = &k.log, &k.log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, k.cmd.Start())
	t.Cleanup(func() {
		_ = k.cmd.Process.Kill()
		_ = k.cmd.Wait()
	})
	var err error
	k.client, err = hsm.Dial(k.socket)
	must(t, err)
	t.Cleanup(func() { _ = k.client.Close() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s, err := k.client.Status(ctx)
		cancel()
		if err == nil && s.Token != nil {
			return k
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
