package journal

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts an ext4 file system of some MiB. Where that isn't allowed it gives
// false, and the caller's system calls play the disk.
func smallDisk(t *testing.T, mib int64) (dir string, real bool) {
	t.Helper()
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(mib << 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"mkfs.ext4", "-q", "-m", "0", image},
		{"mount", "-o", "loop", image, dir},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Logf("no file system of its own (%v: %s): the system calls are played", err, out)
			return dir, false
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir, true
}

// freeze makes every write to the file system of dir hang, until thaw.
func freeze(t *testing.T, dir string) (thaw func()) {
	t.Helper()
	const fifreeze, fithaw = 0xC0045877, 0xC0045878
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	call := func(request uint) {
		if err := unix.IoctlSetInt(int(f.Fd()), request, 0); err != nil {
			t.Errorf("freeze or thaw: %v", err)
		}
	}
	call(fifreeze)
	thawed := false
	thaw = func() {
		if !thawed {
			thawed = true
			call(fithaw)
			f.Close() //nolint:errcheck // it was read
		}
	}
	t.Cleanup(thaw)
	return thaw
}
