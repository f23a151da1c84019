package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// An appliance is a running stellad, which ends with its test.
type appliance struct {
	dir string
	cmd *exec.Cmd
	log bytes.Buffer // to be read once it has ended
}

// startAppliance starts stellad below dir, by way of a wrapper if there is one, and returns when its sockets are there.
func startAppliance(t testing.TB, dir string, wrapper ...string) *appliance {
	t.Helper()
	return launch(t, dir, append(wrapper, "stellad", "--dev", dir)...)
}

// launch runs a command that becomes a stellad with its sockets in dir's folder run.
func launch(t testing.TB, dir string, args ...string) *appliance {
	t.Helper()
	d := &appliance{dir: dir, cmd: exec.Command(args[0], args[1:]...)}
	d.cmd.Stderr = &d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop(t) })
	d.wait(t, "both sockets", func() bool {
		_, err := os.Stat(filepath.Join(dir, "run", "verify.sock")) // the second of them
		return err == nil
	})
	return d
}

// stop has the daemon end, which must do so in time and with 0.
func (d *appliance) stop(t testing.TB) {
	t.Helper()
	if d.cmd.ProcessState != nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	slow := time.AfterFunc(10*time.Second, func() { _ = d.cmd.Process.Kill() })
	defer slow.Stop()
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("stellad ended with %v\n%s", err, &d.log)
	}
}

// wait polls for what has no event.
func (d *appliance) wait(t testing.TB, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("stellad: still no %s", what)
		}
	}
}

// command is a client's command that finds the daemon.
func (d *appliance) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "STELLA_DIR="+d.dir)
	return cmd
}
