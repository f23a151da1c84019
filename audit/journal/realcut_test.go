package journal

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stellad/tlog"
)

// withoutSyncs tells the child to leave out what makes records durable.
const withoutSyncs = "JOURNAL_TEST_NO_SYNCS"

// TestPowerCut stops a process that appends on a file system of its own, and looks at
// the copy of that disk, as if the power had gone: all that it said was acknowledged is
// there. With syncs left out it is not, or the test is blind. Where no file system can
// be mounted TestModel alone plays it.
func TestPowerCut(t *testing.T) {
	for _, syncs := range []bool{true, false} {
		t.Run(fmt.Sprint("syncs=", syncs), func(t *testing.T) {
			lost := 0
			for range 3 {
				dir, real := smallDisk(t, 64)
				if !real {
					return
				}
				lost += cutAndLook(t, dir, syncs)
			}
			if syncs && lost > 0 || !syncs && lost == 0 {
				t.Errorf("%d cuts lost records", lost)
			}
		})
	}
}

// cutAndLook gives 1 where something that was acknowledged is not on the disk.
func cutAndLook(t *testing.T, mounted string, syncs bool) (lost int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+filepath.Join(mounted, "journal"))
	if !syncs {
		child.Env = append(child.Env, withoutSyncs+"=1")
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()         //nolint:errcheck // it is killed
	defer child.Process.Kill() //nolint:errcheck // as above
	copied := filepath.Join(t.TempDir(), "image")
	done := make(chan map[uint64]string)
	go func() { done <- listen(bufio.NewScanner(out)) }()
	time.Sleep(400 * time.Millisecond)
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// What the child said until here was acknowledged before the copy begins.
	run(t, "cp", "--sparse=always", imageOf(t, mounted), copied)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	acknowledged := <-done
	if len(acknowledged) < 20 {
		t.Fatalf("%d records were acknowledged: the test is blind", len(acknowledged))
	}
	return lookAt(t, copied, acknowledged)
}

// listen gives what the child says until it ends.
func listen(said *bufio.Scanner) map[uint64]string {
	acknowledged := map[uint64]string{}
	for said.Scan() {
		var seq uint64
		var hash string
		if n, _ := fmt.Sscanf(said.Text(), "%d %s", &seq, &hash); n == 2 && len(hash) == 64 {
			acknowledged[seq] = hash
		}
	}
	return acknowledged
}

func lookAt(t *testing.T, image string, acknowledged map[uint64]string) (lost int) {
	t.Helper()
	dir := t.TempDir()
	run(t, "mount", "-o", "loop", image, dir)
	defer run(t, "umount", dir)
	o := options()
	o.Clock = time.Now
	j, err := Open(filepath.Join(dir, "journal"), o)
	if err != nil {
		t.Logf("refused: %v", err)
		return 1
	}
	defer j.Close() //nolint:errcheck // it was read
	for seq, line := range lines(t, j) {
		hash := tlog.LeafHash([]byte(line))
		if acknowledged[uint64(seq)] == hex.EncodeToString(hash[:]) {
			delete(acknowledged, uint64(seq))
		}
	}
	t.Logf("%d lost of %d; mended: %s", len(acknowledged), j.State().Size, strings.Join(j.State().Mended, "; "))
	if _, err := j.Check(t.Context()); err != nil {
		t.Error(err)
	}
	return min(1, len(acknowledged))
}

// imageOf gives the file that a loop device's file system is in.
func imageOf(t *testing.T, mounted string) string {
	t.Helper()
	device := run(t, "findmnt", "-n", "-o", "SOURCE", mounted)
	return run(t, "losetup", "-n", "-O", "BACK-FILE", device)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
