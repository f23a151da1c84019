package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A trouble is what may be the matter with the disk of a running daemon. It returns what ends it.
type trouble struct {
	name  string
	brief bool // the short form tries it with every mutation
	begin func(t testing.TB, a *appliance) (end func())
}

var troubles = []trouble{
	{"none", true, func(testing.TB, *appliance) func() { return func() {} }}, // the control: mutations are done
	{"full disk", false, func(t testing.TB, a *appliance) func() { return fillDisk(t, a.state, 0) }},
	{"nearly full", false, func(t testing.TB, a *appliance) func() { return fillDisk(t, a.state, 150<<20) }},
	{"EIO", true, func(t testing.TB, a *appliance) func() { return a.inject(t, "fdatasync,fsync,pwrite64:error=EIO") }},
	{"hanging", true, func(t testing.TB, a *appliance) func() { return a.inject(t, "fdatasync,fsync:delay_enter=6000000") }},
	{"unlinked", false, func(t testing.TB, a *appliance) func() { return moveAway(t, segment(a)) }},
	{"renamed", false, func(t testing.TB, a *appliance) func() { return moveAway(t, filepath.Join(a.state, "audit")) }},
	{"replaced", false, func(t testing.TB, a *appliance) func() {
		end := moveAway(t, segment(a))
		run(t, "cp", "--sparse=always", segment(a)+".away", segment(a))
		return end
	}},
	{"chmod", false, func(t testing.TB, a *appliance) func() { // root passes over it: what is done must be durable
		dir := filepath.Join(a.state, "audit")
		run(t, "chmod", "-R", "a-rwx", dir)
		return func() { run(t, "chmod", "-R", "u+rwX", dir) }
	}},
	{"immutable", false, func(t testing.TB, a *appliance) func() {
		args := []string{filepath.Join(a.state, "audit"), filepath.Join(a.state, "audit", "checkpoints")}
		run(t, append([]string{"chattr", "+i"}, args...)...)
		end := sync.OnceFunc(func() { run(t, append([]string{"chattr", "-i"}, args...)...) })
		t.Cleanup(end)
		return end
	}},
}

func segment(a *appliance) string {
	return filepath.Join(a.state, "audit", "segments", "00000000000000000000")
}

// moveAway takes a name away; the end puts it back.
func moveAway(t testing.TB, name string) func() {
	t.Helper()
	must(t, os.Rename(name, name+".away"))
	return func() { run(t, "mv", "-T", "-f", name+".away", name) }
}

// fillDisk leaves so many bytes free where dir is; the end gives the rest back.
func fillDisk(t testing.TB, dir string, left int64) func() {
	t.Helper()
	filler := filepath.Join(filepath.Dir(dir), "filler")
	fill(t, filler, left)
	return func() { must(t, os.Remove(filler)) }
}

// inject has calls of a running daemon fail, until the end.
func (a *appliance) inject(t testing.TB, what string) func() {
	t.Helper()
	calls, _, _ := strings.Cut(what, ":")
	s := exec.Command("strace", "-f", "-q", "-o", a.path("strace"), "-p", fmt.Sprint(a.process().Pid),
		"-e", "trace="+calls, "-e", "inject="+what)
	must(t, s.Start())
	end := sync.OnceFunc(func() { _ = s.Process.Signal(os.Interrupt); _ = s.Wait() })
	t.Cleanup(end)
	a.untilTraced(t)
	return end
}

// untilTraced waits until strace holds all threads of the daemon.
func (a *appliance) untilTraced(t testing.TB) {
	t.Helper()
	status, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", a.process().Pid))
	must(t, err)
	for deadline := time.Now().Add(10 * time.Second); len(status) > 0; time.Sleep(2 * time.Millisecond) {
		text, err := os.ReadFile(status[0])
		if err != nil || !strings.Contains(string(text), "TracerPid:\t0\n") {
			status = status[1:]
		} else if time.Now().After(deadline) {
			t.Fatal("strace does not take hold of stellad")
		}
	}
}
