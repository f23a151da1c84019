//go:build system

package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A result is how a command ended.
type result struct {
	out, err string
	status   int
}

func (r result) String() string {
	return fmt.Sprintf("exit status %d\nstdout: %s\nstderr: %s", r.status, r.out, r.err)
}

// run runs a command as root in the machine.
func (m *machine) run(args ...string) result {
	return execute("nsenter", append([]string{"--target", m.leader, "--all", "--"}, args...)...)
}

// as runs a command as a user, with the groups that a login gives.
func (m *machine) as(user string, args ...string) result {
	return m.run(append([]string{"runuser", "--user", user, "--"}, args...)...)
}

// must runs a shell's script as root, which must succeed, and returns what it prints.
func (m *machine) must(t *testing.T, script string) string {
	t.Helper()
	r := m.run("sh", "-euc", script)
	if r.status != 0 {
		t.Fatalf("%s: %v", script, r)
	}
	return strings.TrimSpace(r.out)
}

// property reads one property of a unit.
func (m *machine) property(t *testing.T, unit, name string) string {
	t.Helper()
	return m.must(t, "systemctl show --value --property="+name+" "+unit)
}

// socket is where a process outside the machine finds one of its sockets.
func (m *machine) socket(name string) string {
	return "/proc/" + m.leader + "/root/run/stella/" + name + ".sock"
}

func execute(name string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "SYSTEMD_PAGER="}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	cmd.WaitDelay = time.Second // a child that keeps the pipes open does not keep the test
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result{out.String(), stderr.String() + err.Error(), -1}
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// eventually waits until a condition holds, for long enough that only a fault is late.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
