//go:build system

package system

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A machine is a booted Debian in a container. Everything in it is the test's own.
type machine struct {
	root   string // its file system, from outside
	leader string // the process ID of its systemd, from outside
}

// boot starts a machine, which is ended and deleted with the test, however the test ends.
func boot(t *testing.T, root string) *machine {
	t.Helper()
	console, err := os.Create(filepath.Join(t.TempDir(), "console"))
	if err != nil {
		t.Fatal(err)
	}
	// Nothing is registered: the host may run no systemd. No stdin, as a console would take the terminal. A container may
	// lock no memory by default, which a system may.
	cmd := exec.Command("systemd-nspawn", "--quiet", "--directory", root, "--machine", fmt.Sprintf("stella-%d", os.Getpid()),
		"--register=no", "--keep-unit", "--boot", "--console=pipe", "--system-call-filter=@memlock")
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // where the test is killed, no cleanup runs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // how it ended is told by m.end
	m := &machine{root: root}
	t.Cleanup(func() { m.end(t, cmd.Process, ended, console.Name()) })

	eventually(t, "the container's systemd runs", func() error { return m.findLeader(cmd.Process.Pid) })
	eventually(t, "the container has booted", func() error {
		if state := strings.TrimSpace(m.run("systemctl", "is-system-running").out); state != "running" && state != "degraded" {
			return errors.New(state)
		}
		return nil
	})
	return m
}

// findLeader looks for the child of nspawn that became systemd.
func (m *machine) findLeader(nspawn int) error {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", nspawn, nspawn))
	if err != nil {
		return err
	}
	for _, pid := range strings.Fields(string(children)) {
		if comm, _ := os.ReadFile("/proc/" + pid + "/comm"); string(comm) == "systemd\n" {
			m.leader = pid
			return nil
		}
	}
	return fmt.Errorf("children of nspawn: %q", children)
}

func (m *machine) end(t *testing.T, nspawn *os.Process, ended <-chan struct{}, console string) {
	if t.Failed() {
		said, _ := os.ReadFile(console)
		t.Logf("console:\n%s", said)
		if m.leader != "" {
			t.Logf("journal:\n%s", m.run("sh", "-c", "journalctl --no-pager --output=short-precise | grep -v -e code=OK -e runuser | tail -n 150").out)
		}
	}
	if m.leader != "" {
		m.run("systemctl", "poweroff")
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("the container does not power off")
		_ = nspawn.Kill()
		<-ended
	}
}
