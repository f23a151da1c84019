package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// stalls makes the journal's disk hang; the function that it gives lets it go on.
type stalls struct {
	dir  string
	sys  *system
	hang func() (goOn func())
}

// stallingDisks are a real file system that is frozen, where that is allowed, and one
// whose sync does not return.
func stallingDisks(t *testing.T) map[string]stalls {
	t.Helper()
	var mu sync.Mutex
	sys := kernel()
	sys.sync = func(f *os.File) error {
		mu.Lock()
		defer mu.Unlock()
		return datasync(f)
	}
	disks := map[string]stalls{"sync hangs": {t.TempDir(), sys, func() func() { mu.Lock(); return mu.Unlock }}}
	if dir, real := smallDisk(t, 16); real {
		disks["frozen file system"] = stalls{filepath.Join(dir, "journal"), nil, func() func() { return freeze(t, dir) }}
	}
	return disks
}

// TestStall: a disk that hangs costs each caller two seconds at most, and no record is
// acknowledged meanwhile. Once it goes on, what was being written counts, what waited
// does not, and records are taken again.
func TestStall(t *testing.T) {
	for name, disk := range stallingDisks(t) {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.sys, o.Floor, o.Ballast, o.Stall = disk.sys, 1<<10, 1<<10, 0
			j := mustOpen(t, disk.dir, o)
			fill(t, j, 5)
			goOn := disk.hang()

			began := time.Now()
			var all sync.WaitGroup
			for n := range 20 {
				if n == 1 {
					time.Sleep(200 * time.Millisecond) // the first is alone in the batch that hangs
				}
				all.Go(func() {
					if _, err := j.Append(context.Background(), draft(1), nil); !errors.Is(err, ErrStalled) {
						t.Errorf("append: %v", err)
					}
				})
			}
			all.Wait()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the callers waited %v", took)
			}
			began = time.Now()
			if _, err := j.Append(context.Background(), draft(1), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrStalled) {
				t.Errorf("append while it hangs: %v", err)
			}
			if s := j.State(); s.Size != 5 || !errors.Is(s.ReadOnly, ErrStalled) {
				t.Errorf("%+v", s)
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("a read-only journal takes %v to say so", took)
			}
			if err := j.Retry(); !errors.Is(err, ErrStalled) {
				t.Errorf("retry while it hangs: %v", err)
			}

			goOn()
			for end := time.Now().Add(2 * time.Second); j.Retry() != nil && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			fill(t, j, 3)
			settled := j.State().Size
			if settled != 9 {
				t.Errorf("%d records, want 5, the one that was being written, and 3", settled)
			}
			if _, err := j.Check(t.Context()); err != nil {
				t.Error(err)
			}
			mustClose(t, j)
			if s := mustOpen(t, disk.dir, o).State(); s.Size != settled {
				t.Errorf("%d records after a start, want %d", s.Size, settled)
			}
		})
	}
}

// TestStallAtClose: a disk that hangs does not keep the daemon from ending.
func TestStallAtClose(t *testing.T) {
	var mu sync.Mutex
	o := options()
	o.sys, o.Stall = kernel(), 200*time.Millisecond
	o.sys.sync = func(*os.File) error { mu.Lock(); defer mu.Unlock(); return nil }
	j := mustOpen(t, t.TempDir(), o)
	fill(t, j, 3)
	mu.Lock()
	defer mu.Unlock()
	ended := make(chan error, 1)
	go func() { ended <- j.Close() }()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrStalled) {
			t.Errorf("close: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("close hangs")
	}
}

// TestContext: who is still waiting for the writer can leave; who is being written gets the truth.
func TestContext(t *testing.T) {
	hold := make(chan struct{})
	var held sync.Once
	begun := make(chan struct{})
	o := options()
	o.sys = kernel()
	j := mustOpen(t, t.TempDir(), o)
	fill(t, j, 1)
	last := j.files.last().f
	j.files.sys.sync = func(f *os.File) error {
		if f == last {
			held.Do(func() { close(begun); <-hold })
		}
		return datasync(f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := j.Append(ctx, draft(1), nil); first <- err }()
	<-begun
	go func() { _, err := j.Append(ctx, draft(1), nil); second <- err }()
	for len(j.line.peek()) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("who waits: %v", err)
	}
	close(hold)
	if err := <-first; err != nil {
		t.Errorf("who is being written: %v", err)
	}
	if s := j.State(); s.Size != 2 || s.ReadOnly != nil {
		t.Errorf("%+v", s)
	}
}

func (l *line) peek() []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}
