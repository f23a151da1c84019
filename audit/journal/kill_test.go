package journal

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"stellad/tlog"
)

// childFolder tells the test binary to be the process that TestKill kills.
const childFolder = "JOURNAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		appendForever(dir)
	}
	os.Exit(m.Run())
}

// appendForever appends from several goroutines and says of each record that it was acknowledged.
func appendForever(dir string) {
	o := options()
	o.Clock, o.sys = time.Now, kernel()
	if os.Getenv(withoutSyncs) != "" {
		o.sys.sync = func(*os.File) error { return nil }
	}
	j, err := Open(dir, o)
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	if j.State().Size == 0 {
		if _, err := j.Append(context.Background(), draft(0), nil); err != nil {
			fmt.Println("append:", err)
			os.Exit(1)
		}
	}
	var out sync.Mutex
	for caller := range 8 {
		go func() {
			for n := 0; ; n++ {
				var note map[string]string
				if n%5 == caller%5 {
					note = map[string]string{"reason": fmt.Sprint("reason ", n)}
				}
				rec, err := j.Append(context.Background(), draft(1), note)
				if err != nil {
					fmt.Println("append:", err)
					os.Exit(1)
				}
				line, _ := rec.Line()
				hash := tlog.LeafHash(line)
				out.Lock()
				fmt.Printf("%d %x\n", rec.Seq, hash[:])
				out.Unlock()
			}
		}()
	}
	select {}
}

// TestKill kills a process that appends, at any moment, again and again: what it said
// was acknowledged is there, the same, with its annotation.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[uint64]string{}
	for round := range 12 {
		for line := range strings.Lines(runAndKill(t, dir)) {
			var seq uint64
			var hash string
			if n, err := fmt.Sscanf(line, "%d %s\n", &seq, &hash); n != 2 || len(hash) != 64 {
				if strings.HasSuffix(line, "\n") {
					t.Fatalf("round %d: %q, %v", round, line, err)
				}
				continue // cut by the kill
			}
			acknowledged[seq] = hash
		}
		o := options()
		o.Clock = time.Now
		j := mustOpen(t, dir, o)
		var seq uint64
		for line, err := range j.Lines(0) {
			if err != nil {
				t.Fatal(err)
			}
			hash := tlog.LeafHash(line)
			if want, ok := acknowledged[seq]; ok && want != hex.EncodeToString(hash[:]) {
				t.Fatalf("round %d: record %d is another one", round, seq)
			}
			seq++
		}
		for acked := range acknowledged {
			if acked >= seq {
				t.Fatalf("round %d: record %d was acknowledged, and there are %d", round, acked, seq)
			}
		}
		if _, err := j.Check(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		mustClose(t, j)
	}
	if len(acknowledged) < 100 {
		t.Errorf("%d records were acknowledged: the test is blind", len(acknowledged))
	}
}

// runAndKill lets the child append for a while, and gives what it said.
func runAndKill(t *testing.T, dir string) string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	first, err := said.ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q: %v", first, err)
	}
	time.AfterFunc(rand.N(60*time.Millisecond), func() { child.Process.Kill() }) //nolint:errcheck // it is waited for
	var rest strings.Builder
	if _, err := said.WriteTo(&rest); err != nil {
		t.Fatal(err)
	}
	child.Wait() //nolint:errcheck // it was killed
	return first + rest.String()
}
