package faults

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A disk is an ext4 of its own, in a file in memory.
type disk struct{ image, dir string }

// newDisk makes a disk of some MiB and mounts it. The kernel writes to it when it is told to, and hardly else.
func newDisk(t testing.TB, mib int64) disk {
	t.Helper()
	file, err := os.CreateTemp(filepath.Join(os.Getenv(inside), "memory"), "disk-")
	must(t, err)
	d := disk{file.Name(), shortDir(t)}
	t.Cleanup(func() { _ = os.Remove(d.image) })
	must(t, file.Truncate(mib<<20))
	must(t, file.Close())
	run(t, "mkfs.ext4", "-q", "-F", "-m", "0", d.image)
	d.mount(t)
	return d
}

// cut gives the disk as it would be had the power been cut now: what the kernel has not written is not in its file. Who
// writes to the disk must be stopped.
func (d disk) cut(t testing.TB) disk {
	t.Helper()
	after := disk{d.image + ".cut", shortDir(t)}
	run(t, "cp", "--sparse=always", d.image, after.image)
	t.Cleanup(func() { _ = os.Remove(after.image) })
	after.mount(t) // which replays ext4's own journal
	return after
}

func (d disk) mount(t testing.TB) {
	t.Helper()
	run(t, "mount", "-o", "loop,commit=300", d.image, d.dir)
	t.Cleanup(func() { d.unmount(t) })
}

func (d disk) unmount(t testing.TB) {
	t.Helper()
	var out []byte
	for range 50 {
		if !mounted(d.dir) {
			return
		}
		var err error
		if out, err = exec.Command("umount", d.dir).CombinedOutput(); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond) // a process that was killed still closes its files
	}
	t.Errorf("umount %s: %s", d.dir, out)
}

func mounted(dir string) bool {
	text, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(text), " "+dir+" ")
}

// fill makes a file that leaves so many bytes of its disk free.
func fill(t testing.TB, name string, left int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	defer f.Close()
	for size, step := int64(0), int64(64<<20); step >= 4096; {
		var s unix.Statfs_t
		must(t, unix.Statfs(name, &s))
		if int64(s.Bavail)*s.Bsize-step < left { //nolint:gosec // no disk is that large
			step /= 2
			continue
		}
		switch err := unix.Fallocate(int(f.Fd()), 0, size, step); {
		case err == nil:
			size += step
		case errors.Is(err, syscall.ENOSPC):
			step /= 2
		default:
			t.Fatal(err)
		}
	}
}
