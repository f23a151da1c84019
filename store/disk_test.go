package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ownMounts runs the test in a process with its own mounts, and returns true there: they end with it, and so does what a
// full disk kills.
func ownMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv("STORE_TEST_MOUNTS") != "" {
		return true
	}
	c := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "STORE_TEST_MOUNTS=1", "TMPDIR="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %.3000s", err, out)
	}
	t.Logf("%.1000s", out)
	return false
}

// disk mounts an ext4 of size bytes in a file. It wants root.
func disk(t *testing.T, image string, size int64) (dir string) {
	t.Helper()
	if size > 0 {
		if err := os.WriteFile(image, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(image, size); err != nil {
			t.Fatal(err)
		}
		run(t, "mkfs.ext4", "-q", "-m", "0", image)
	}
	dir, err := os.MkdirTemp(t.TempDir(), "mnt")
	if err != nil {
		t.Fatal(err)
	}
	run(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { unmount(t, dir) })
	return dir
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	for range 50 {
		err := unix.Unmount(dir, 0)
		if err == nil || errors.Is(err, unix.EINVAL) { // not mounted any more
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
		t.Errorf("%s stays mounted: %v", dir, err)
	}
}

// leave fills the disk until n bytes are free.
func leave(t *testing.T, dir string, n int64) {
	t.Helper()
	s := space{dir: dir}
	if err := s.ask(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "filler"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && s.free > n {
		err = unix.Fallocate(int(f.Fd()), 0, size, s.free-n)
	}
	if err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	// What the blocks of the file's own map took is missed by up to a few hundred KiB.
	time.Sleep(120 * time.Millisecond) // the store asks again
}

// TestFullDisk: a full disk refuses writes with an error, harms nothing, and is forgotten once there is room. Records of a
// log are folded as long as there are blocks for that.
func TestFullDisk(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	dir := disk(t, filepath.Join(t.TempDir(), "image"), 640<<20)
	o := opts(filepath.Join(dir, "store"))
	s := mustOpen(t, o)
	log := someLog(100)
	mustCatch(t, s, log)
	put(t, s, tiles, "a", "1")
	apply := func() error {
		err := s.Apply(context.Background(), uint64(len(log)), []byte("+x"))
		if err == nil {
			log = append(log, "+x")
		}
		return err
	}
	write := func() error {
		return s.Update(context.Background(), func(tx *Tx) error { return tx.In(tiles).Put([]byte("b"), []byte("2")) })
	}
	for _, free := range []int64{DefaultFloor - 1<<20, 64 << 20, 1 << 20, 0} {
		leave(t, dir, free)
		for range 3 {
			if err := write(); !errors.Is(err, ErrNoSpace) {
				t.Errorf("%d bytes free: a write: %v", free, err)
			}
			if err := apply(); err != nil {
				t.Errorf("%d bytes free: a record: %v", free, err)
			}
			if got, err := get(s, tiles, "a"); got != "1" || err != nil {
				t.Errorf("%d bytes free: a read: %q, %v", free, got, err)
			}
			sameView(t, s, log)
		}
		if s.Broken() != nil {
			t.Errorf("%d bytes free: %v", free, s.Broken())
		}
	}
	var err error
	for err == nil { // until the blocks are used up
		err = apply()
	}
	if !errors.Is(err, ErrNoSpace) || s.Broken() != nil {
		t.Errorf("after %d records: %v, %v", len(log), err, s.Broken())
	}
	if err := s.Close(); !errors.Is(err, ErrNoSpace) {
		t.Errorf("Close on a full disk: %v", err)
	}
	if got, err := get(s, tiles, "a"); got != "1" || err != nil {
		t.Errorf("a read after it: %q, %v", got, err)
	}
	asItLay := readFiles(t, filepath.Join(dir, "store")) // were the process to end now
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	leave(t, dir, 0)
	if _, err := Open(context.Background(), o); !errors.Is(err, ErrNoSpace) {
		t.Errorf("Open on a full disk: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{o.Dir, (&sample{}).write(t, asItLay)} {
		s = mustOpen(t, opts(dir))
		if op := s.Opening(); op.Aside != "" || len(s.Doubts()) > 0 {
			t.Errorf("the full disk did harm: %+v, %v", op, s.Doubts())
		}
		mustCatch(t, s, log)
		sameView(t, s, log)
		if err := write(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		mustClose(t, s)
	}
}

// TestDiskFills: a store that is written while the disk fills stops by itself above the floor, and goes on by itself.
func TestDiskFills(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	dir := disk(t, filepath.Join(t.TempDir(), "image"), 640<<20)
	s := mustOpen(t, opts(filepath.Join(dir, "store")))
	n, value := 0, make([]byte, 200<<10)
	write := func() error {
		n++
		return s.Update(context.Background(), func(tx *Tx) error { return tx.In(notes).Put(fmt.Append(nil, n), value) })
	}
	var err error
	for err = write(); err == nil; {
		err = write()
	}
	at := space{dir: dir}
	if aerr := at.ask(); !errors.Is(err, ErrNoSpace) || aerr != nil || at.free < minFloor {
		t.Errorf("after %d writes, %d MiB free: %v, %v", n, at.free>>20, err, aerr)
	}
	mustClose(t, s)
}

// TestPowerCut: content that was acknowledged when the power went is there. The power goes by stopping the writer and
// copying the disk as the kernel has written it. The cache, which is not synced, is the control: where it loses nothing
// either, this test sees nothing.
func TestPowerCut(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	base := t.TempDir()
	image := filepath.Join(base, "image")
	dir := disk(t, image, 1<<30)
	lost := 0
	for round := range 4 {
		c := exec.Command(os.Args[0], filepath.Join(dir, "store"))
		c.Env = []string{"STORE_TEST_CHILD=cutter", "GORACE=atexit_sleep_ms=0"}
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		var acked []string
		lines := bufio.NewScanner(out)
		for lines.Scan() && len(acked) < 2000+round*500 {
			acked = append(acked, lines.Text())
		}
		if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		cut := filepath.Join(base, fmt.Sprint("cut", round))
		run(t, "cp", "--sparse=always", image, cut)
		_ = c.Process.Kill()
		for lines.Scan() { // let it end
		}
		_ = c.Wait()
		mnt := disk(t, cut, 0)
		s := mustOpen(t, opts(filepath.Join(mnt, "store")))
		if s.Opening().Aside != "" || len(s.Doubts()) > 0 {
			t.Errorf("round %d: %+v, %v", round, s.Opening(), s.Doubts())
		}
		for _, key := range acked {
			k, want := tiles, blob(key)
			if key[0] == 'n' {
				k = notes
			}
			got, err := get(s, k, key)
			if k == notes && errors.Is(err, ErrNotFound) {
				lost++
			} else if err != nil || got != want {
				t.Errorf("round %d: %s of %d acknowledged: %v", round, key, len(acked), err)
			}
		}
		mustClose(t, s)
		unmount(t, mnt)
	}
	if lost == 0 {
		t.Error("the control lost nothing")
	}
	t.Logf("the control lost %d", lost)
}

// cutter writes content, and then only a cache, again and again, and prints each key once it is acknowledged.
func cutter(dir string) int {
	s, err := Open(context.Background(), opts(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stamp := time.Now().UnixNano()
	for n := 0; ; n++ {
		key, k := fmt.Sprintf("c%d-%d", stamp, n), tiles
		if n%700 >= 200 {
			key, k = "n"+key, notes
		}
		err := s.Update(context.Background(), func(tx *Tx) error { return tx.In(k).Put([]byte(key), []byte(blob(key))) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(key)
	}
}
