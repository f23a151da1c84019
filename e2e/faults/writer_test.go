package faults

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"stellad/audit"
	"stellad/audit/journal"
)

// callers write at a time: one sync serves them all.
const callers = 64

func openJournal(dir string) (*journal.Journal, error) {
	return journal.Open(dir, journal.Options{
		Clock: time.Now, Boot: "00000000-0000-0000-0000-000000000000", Log: slog.New(slog.DiscardHandler),
		Up:          func() time.Duration { return time.Since(time.Unix(0, 0)) },
		SegmentSize: 256 << 10, Floor: 1, Ballast: 1,
	})
}

// writeForever writes a journal, and says of each record that it was acknowledged.
func writeForever(dir string) int {
	j, err := openJournal(dir)
	if err == nil && j.State().Size == 0 {
		err = begin(j)
	}
	if err != nil {
		fmt.Println("open:", err)
		return 1
	}
	var out sync.Mutex
	for caller := range callers {
		go func() {
			for n := 0; ; n++ {
				var text map[string]string
				if n%8 == 0 {
					text = map[string]string{"reason": fmt.Sprint(caller, n)}
				}
				rec, err := j.Append(context.Background(), audit.Record{Type: "call", V: 1, Outcome: "ok"}, text)
				out.Lock()
				if err != nil {
					fmt.Println("append:", err)
					os.Exit(1)
				}
				_, _ = fmt.Println(rec.Seq)
				out.Unlock()
			}
		}()
	}
	select {}
}

func begin(j *journal.Journal) error {
	const origin = "a.example/audit"
	_, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	body, err := audit.MarshalBody(audit.Genesis{Name: "a.example", Origin: origin, Key: vkey})
	if err != nil {
		return err
	}
	_, err = j.Append(context.Background(), audit.Record{Type: "genesis", V: 1, Body: body}, nil)
	return err
}

// TestWriterPowerCut cuts the power of a program that writes the audit log alone, and much of it.
func TestWriterPowerCut(t *testing.T) {
	asRoot(t)
	acknowledged, lost, cycles := 0, 0, times(5, 500)
	var d disk
	for i := range cycles {
		if i%50 == 0 { // by then it is full
			d = newDisk(t, 256)
		}
		n, l := cutWriter(t, d, nil)
		acknowledged, lost = acknowledged+n, lost+l
	}
	t.Logf("%-24s %6d cycles %8d acknowledged %6d lost", "power cut of a writer", cycles, acknowledged, lost)
	if lost > 0 || acknowledged < 100*cycles {
		t.Errorf("%d of %d acknowledged records are lost", lost, acknowledged)
	}
}

// TestWriterPowerCutIsSeen is its control.
func TestWriterPowerCutIsSeen(t *testing.T) {
	asRoot(t)
	d := newDisk(t, 256)
	cutWriter(t, d, nil)
	run(t, "sync", "-f", d.dir)
	n, lost := cutWriter(t, d, noSync)
	t.Logf("%-24s %6d cycles %8d acknowledged %6d lost", "the same without syncs", 1, n, lost)
	if lost == 0 {
		t.Errorf("with syncs that do nothing, none of %d records is lost: the power cut cuts nothing", n)
	}
}

// cutWriter lets the writer write for a while and cuts its power. It counts what was acknowledged then, and lost.
func cutWriter(t *testing.T, d disk, wrapper []string) (acknowledged, lost int) {
	t.Helper()
	dir := filepath.Join(d.dir, "audit")
	args := append(append([]string{}, wrapper...), os.Args[0])
	w := exec.Command(args[0], args[1:]...)
	w.Env = append(os.Environ(), asWriter+"="+dir)
	w.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := w.StdoutPipe()
	must(t, err)
	must(t, w.Start())
	a := &appliance{cmd: w} // for its process
	there := make(chan int, 1)
	time.AfterFunc(100*time.Millisecond+mathrand.N(300*time.Millisecond), func() {
		// Halted, it says nothing more; what it said before, everybody may rely on.
		_ = syscall.Kill(a.process().Pid, syscall.SIGSTOP)
		time.Sleep(50 * time.Millisecond)
		after := d.cut(t)
		there <- sizeOf(t, filepath.Join(after.dir, "audit"))
		after.unmount(t)
		_ = syscall.Kill(-w.Process.Pid, syscall.SIGKILL)
	})
	top := 0
	for lines := bufio.NewScanner(said); lines.Scan(); {
		var seq int
		if _, err := fmt.Sscan(lines.Text(), &seq); err != nil {
			t.Fatalf("the writer says %q", lines.Text())
		}
		acknowledged, top = acknowledged+1, max(top, seq)
	}
	_ = w.Wait()
	return acknowledged, min(max(0, top+1-<-there), acknowledged)
}

// sizeOf gives how many records a journal has, all of which must hold; none where there is no journal.
func sizeOf(t *testing.T, dir string) int {
	if _, err := os.Stat(filepath.Join(dir, "head")); err != nil {
		return 0
	}
	j, err := openJournal(dir)
	if err != nil {
		t.Errorf("after the power cut: %v", err)
		return 0
	}
	checked, err := j.Check(t.Context())
	if err != nil {
		t.Errorf("after the power cut: %v", err)
	}
	_ = j.Close()
	return int(checked.Size) //nolint:gosec // it is small
}
