package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// noSync has every sync of a program do nothing, and say that it did.
var noSync = []string{
	"strace", "-f", "-q", "--seccomp-bpf", "-o", "/dev/null",
	"-e", "trace=fsync,fdatasync,msync,sync_file_range", "-e", "inject=fsync,fdatasync,msync,sync_file_range:retval=0",
}

// TestPowerCut cuts the daemon's power at any moment while clients act, again and again: everything that they were told
// is there on the disk as it is then, and a check finds it good.
func TestPowerCut(t *testing.T) {
	asRoot(t)
	k, lost := newAcks(), 0
	cycles := times(5, 200)
	h, d := onDisk(t)
	for range cycles {
		a := h.start(t)
		l, err := h.cutPower(t, d, a, k)
		must(t, err)
		lost += l
	}
	report(t, "power cut", cycles, k, lost)
}

// TestPowerCutIsSeen is the control: with syncs that do nothing, acknowledged records are lost. Where they are not,
// TestPowerCut says nothing.
func TestPowerCutIsSeen(t *testing.T) {
	asRoot(t)
	lost := 0
	for range times(2, 10) {
		h, d := onDisk(t)
		h.start(t).stop(t)
		run(t, "sync", "-f", d.dir)
		k := newAcks()
		l, err := h.cutPower(t, d, h.start(t, noSync...), k)
		if err != nil { // what is there is no whole state, so nothing of it counts
			l = k.count()
		}
		t.Logf("without syncs: %d of %d acknowledged records are lost; %v", l, k.count(), err)
		lost += l
	}
	if lost == 0 {
		t.Errorf("with syncs that do nothing, no record is lost: the power cut cuts nothing")
	}
}

// onDisk makes an appliance with its state on a disk.
func onDisk(t testing.TB) (home, disk) {
	t.Helper()
	d := newDisk(t, 1024)
	return newHome(t, filepath.Join(d.dir, "state")), d
}

// cutPower lets clients act for a while, cuts the power, and counts what is lost. An error says that the state can't be
// used.
func (h home) cutPower(t *testing.T, d disk, a *appliance, k *acks) (lost int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	clients := a.act(ctx, t, k)
	time.Sleep(50*time.Millisecond + rand.N(300*time.Millisecond))
	halt(t, a.process().Pid)
	after := d.cut(t)
	a.kill()
	cancel()
	clients.Wait()
	defer after.unmount(t)
	there := h.elsewhere(t, filepath.Join(after.dir, "state"))
	if out, status := there.check(t); status != 0 {
		return 0, fmt.Errorf("stellad check: exit status %d: %s", status, out)
	}
	return there.survivors(t, k), nil
}

// halt stops a process, and returns when it has.
func halt(t testing.TB, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		must(t, err)
		running := 0
		for _, task := range tasks {
			stat, err := os.ReadFile(task)
			_, state, _ := strings.Cut(string(stat), ") ")
			if err == nil && !strings.HasPrefix(state, "T") && !strings.HasPrefix(state, "t") {
				running++
			}
		}
		switch {
		case running == 0 && len(tasks) > 0:
			return
		case time.Now().After(deadline):
			t.Fatal(errors.New("it does not halt"))
		}
	}
}
