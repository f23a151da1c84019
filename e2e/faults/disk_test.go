package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A disk is an ext4 of its own, in a file. Its syncs are the kernel's, and cheap: the file is in memory where there is
// a place for that.
type disk struct{ image, dir string }

// newDisk makes a disk of some MiB and mounts it.
func newDisk(t testing.TB, mib int64) disk {
	t.Helper()
	d := disk{filepath.Join(inMemory(t), "disk"), t.TempDir()}
	must(t, os.WriteFile(d.image, nil, 0o600))
	must(t, os.Truncate(d.image, mib<<20))
	run(t, "mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,nodiscard", d.image)
	d.mount(t)
	return d
}

// inMemory gives a folder for a disk's file.
func inMemory(t testing.TB) string {
	t.Helper()
	if info, err := os.Stat("/dev/shm"); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "stella-faults-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// mount mounts the disk's file until the test ends. The file system is checked, as a machine does that lost its power.
func (d disk) mount(t testing.TB) {
	t.Helper()
	run(t, "mount", "-o", "loop", d.image, d.dir)
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

// place is a folder where syncs are cheap; where only a test that runs as root can make one, any.
func place(t testing.TB, mib int64) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return t.TempDir()
	}
	return newDisk(t, mib).dir
}
