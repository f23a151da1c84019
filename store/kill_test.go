package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// writer is a child that writes content and a view as fast as it can, and prints each key once it is acknowledged.
func writer(dir string) int {
	s, err := Open(context.Background(), opts(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	log := make(chan string)
	go func() {
		for line := range log {
			fmt.Println(line)
		}
	}()
	stats, err := s.Stats()
	if err != nil {
		return 1
	}
	start := int(stats.Keyspaces[0].Count) * 1000
	for i := range 8 {
		go func() {
			for n := start; ; n++ {
				key := fmt.Sprintf("%d-%d", i, n)
				err := s.Update(context.Background(), func(tx *Tx) error {
					return errors.Join(tx.In(tiles).Put([]byte(key), []byte(blob(key))), tx.In(notes).Put([]byte(key), nil))
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				log <- key
			}
		}()
	}
	select {}
}

// TestKill: what a killed process had acknowledged is there. This proves little about power cuts, as the kernel keeps
// what a dead process wrote: TestPowerCut does.
func TestKill(t *testing.T) {
	dir, acked := t.TempDir(), map[string]bool{}
	for round := range 6 {
		c := exec.Command(os.Args[0], dir)
		c.Env = []string{"STORE_TEST_CHILD=writer", "GORACE=atexit_sleep_ms=0"}
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		before := len(acked)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if len(acked) == before { // it runs
				time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = c.Process.Kill() })
			}
			acked[lines.Text()] = true
		}
		if err := c.Wait(); err == nil || len(acked) == before {
			t.Fatalf("round %d: %v, %d acknowledged", round, err, len(acked)-before)
		}
		s := mustOpen(t, opts(dir))
		if o := s.Opening(); !o.Unclean || o.Aside != "" || len(s.Doubts()) > 0 {
			t.Errorf("round %d: %+v, %v", round, o, s.Doubts())
		}
		got, err := all(s, tiles)
		for key := range acked {
			if err == nil && got[key] != blob(key) {
				err = fmt.Errorf("%s is lost or wrong", key)
			}
		}
		if err != nil {
			t.Errorf("round %d, %d acknowledged: %v", round, len(acked), err)
		}
		mustClose(t, s)
	}
	t.Logf("%d acknowledged", len(acked))
}

// die is a child that dies in one of many ways instead of checking.
func die(how string) int {
	switch how {
	case "silent":
		return 0
	case "wrong":
		fmt.Println("usage: something else")
		return 2
	}
	fmt.Println(`{"began":true}`)
	switch how {
	case "exit":
		return 1
	case "through":
		return 0
	case "half":
		fmt.Print(`{"through":true,"found":{"cti`)
	case "fault":
		fmt.Println(`{"through":true,"fault":"no right to read it"}`)
	case "panic":
		panic("boom")
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "term":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	case "bus", "wait":
		if how == "bus" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGBUS)
		}
		time.Sleep(time.Minute)
	}
	return 0
}

// TestChild: only a child that began and then broke down condemns the store.
func TestChild(t *testing.T) {
	o := opts(t.TempDir())
	s := mustOpen(t, o)
	put(t, s, tiles, "a", "1")
	mustClose(t, s)
	with := func(how string) Options {
		o.Check = func(string) *exec.Cmd {
			c := exec.Command(os.Args[0], how)
			c.Env = []string{"STORE_TEST_CHILD=die", "GORACE=atexit_sleep_ms=0"}
			return c
		}
		return o
	}
	for _, how := range []string{"silent", "wrong", "fault", "kill", "term"} {
		if _, err := Open(context.Background(), with(how)); !errors.Is(err, ErrCheck) {
			t.Errorf("%s: %v, not ErrCheck", how, err)
		}
	}
	o.Check = func(string) *exec.Cmd { return exec.Command("/nonexistent/program") }
	if _, err := Open(context.Background(), o); !errors.Is(err, ErrCheck) {
		t.Errorf("no program: %v, not ErrCheck", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, with("wait")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a child that hangs: %v", err)
	}
	s = mustOpen(t, opts(o.Dir))
	if got, err := get(s, tiles, "a"); got != "1" || err != nil || s.Opening().Aside != "" {
		t.Errorf("all that harmed the store: %q, %v, %+v", got, err, s.Opening())
	}
	mustClose(t, s)
	for i, how := range []string{"exit", "through", "half", "panic", "bus"} {
		s := mustOpen(t, with(how))
		if want := fmt.Sprintf("db.damaged-%d", i+1); s.Opening().Aside != want || s.Opening().Why == "" {
			t.Errorf("%s: %+v", how, s.Opening())
		}
		if d := s.Doubts(); len(d) != 1 || d[0].Keyspace != "tiles" {
			t.Errorf("%s: doubts %v", how, d)
		}
		mustClose(t, s)
	}
}

// TestParentDies: a child whose parent is gone ends, and lets go of the lock.
func TestParentDies(t *testing.T) {
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mustClose(t, mustOpen(t, opts(dir)))
	c := child(dir + "/db")
	c.Stdin = in
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Run() }()
	select {
	case err := <-done:
		t.Log(err)
	case <-time.After(30 * time.Second):
		t.Error("it lives on")
	}
}

// TestSynced: the copy of the heads follows each commit of content, and none of a cache.
func TestSynced(t *testing.T) {
	s := mustOpen(t, opts(t.TempDir()))
	writes := s.outside.o.Writes
	for i := range 10 {
		put(t, s, notes, fmt.Sprint(i), "")
	}
	if s.outside.o.Writes != writes {
		t.Error("a cache made the copy of the heads be written")
	}
	for i := range 10 {
		put(t, s, tiles, fmt.Sprint(i), "")
		onDisk, _, _, err := openHeads(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		if h := onDisk.o.Content[tiles.id()]; h.Count != uint64(i+1) || h != s.head(tiles.id()) {
			t.Errorf("after %d: the copy says %+v", i+1, h)
		}
		if err := onDisk.close(); err != nil {
			t.Error(err)
		}
	}
}
