package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stellad/audit"
)

// TestGroupCommit: one sync serves nearly all who wait, and who writes alone waits for one.
func TestGroupCommit(t *testing.T) {
	var syncs atomic.Int64
	o := options()
	o.SegmentSize, o.sys = 1<<20, kernel()
	o.sys.sync = func(f *os.File) error {
		if strings.HasPrefix(filepath.Base(f.Name()), "0") {
			syncs.Add(1)
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	}
	j := mustOpen(t, t.TempDir(), o)
	fill(t, j, 1)
	const callers, each = 64, 20
	syncs.Store(0)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				if _, err := j.Append(context.Background(), draft(1), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := syncs.Load(); n > each*10/8 {
		t.Errorf("%d syncs for %d rounds of %d callers", n, each, callers)
	}
	syncs.Store(0)
	for range 10 {
		mustAppend(t, j, nil)
	}
	if n := syncs.Load(); n != 10 {
		t.Errorf("%d syncs for 10 records one by one", n)
	}
}

// TestFollowers: who follows hears of each batch, and reads what it heard of, while others write.
func TestFollowers(t *testing.T) {
	j := mustOpen(t, t.TempDir(), options())
	fill(t, j, 1)
	const total = 300
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			next := uint64(0)
			for size := range j.Follow(ctx) {
				err := j.Replay(next, func(rec *audit.Record) error {
					if rec.Seq != next {
						return errors.New("a gap")
					}
					next++
					return nil
				})
				if err != nil || next < size {
					t.Errorf("heard of %d, read %d: %v", size, next, err)
				}
				if next == total {
					return
				}
			}
			t.Errorf("heard of %d records", next)
		})
	}
	all.Go(func() {
		for range 20 {
			if _, err := j.Check(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	fill(t, j, total-1)
	all.Wait()
	cancel()
	gone, stop := context.WithCancel(t.Context())
	c := j.Follow(gone)
	stop()
	for range c { // until it is closed
	}
}

// TestLostPages plays a kernel that drops pages of which the sync failed, and shows them
// all the same: what a later start takes in of them must be written again.
func TestLostPages(t *testing.T) {
	dir := t.TempDir()
	disk := newPowerCut(t, dir, 1)
	o := options()
	o.sys = disk.system()
	j := mustOpen(t, dir, o)
	fill(t, j, 5)
	disk.failSync(segmentName(0))
	long := draft(1)
	long.Body = []byte(`{"reason":"` + strings.Repeat("x", 3000) + `"}`)
	if _, err := j.Append(t.Context(), long, nil); !errors.Is(err, ErrDisk) || !errors.Is(err, unix.EIO) {
		t.Fatalf("append: %v", err)
	}
	j.Close() //nolint:errcheck // as if it were killed: it writes nothing
	j = mustOpen(t, dir, o)
	if s := j.State(); s.Size != 6 {
		t.Fatalf("%d records: the test wants one that nobody was told of", s.Size)
	}
	fill(t, j, 2)
	mustClose(t, j)
	disk.mu.Lock()
	disk.cut()
	disk.mu.Unlock()
	if s := mustOpen(t, disk.image, options()).State(); s.Size != 8 {
		t.Errorf("%d records, 8 were acknowledged", s.Size)
	}
}

// TestRotAfterStaleHead: where head is older than the log, a record that does not read is
// rot if a later batch was written, and a torn batch if none was.
func TestRotAfterStaleHead(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	fill(t, j, 5)
	head := readAll(t, dir)["head"]
	fill(t, j, 5)
	want := lines(t, j)
	mustClose(t, j)
	files := readAll(t, dir)
	files["head"] = head
	name := "segments/" + segmentName(0)
	middle, last := strings.Index(string(files[name]), want[7])+20, strings.Index(string(files[name]), want[9])+20

	files[name][middle] ^= 1
	restore(t, dir, files)
	if _, err := Open(dir, options()); !errors.Is(err, ErrDamaged) {
		t.Errorf("rot in a record that others follow: %v", err)
	}
	files[name][middle] ^= 1
	files[name][last] ^= 1
	restore(t, dir, files)
	j = mustOpen(t, dir, options())
	if s := j.State(); s.Size != 9 || s.Cut == 0 || len(s.Mended) == 0 {
		t.Errorf("a torn batch: %+v", s)
	}
	mustClose(t, j)
	if s := mustOpen(t, dir, options()).State(); s.Size != 9 || s.Cut != 0 || len(s.Mended) > 0 {
		t.Errorf("it is mended again: %+v", s)
	}
}

// TestMendedOnce: what a torn write left is overwritten, and the next start finds nothing of it.
func TestMendedOnce(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	fill(t, j, 5)
	end := j.point().end
	mustClose(t, j)
	f, err := os.OpenFile(filepath.Join(dir, "segments", segmentName(0)), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{end, end + 100, end + 5000} {
		if _, err := f.WriteAt([]byte("0123abcd-torn"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int64{5013, 0} {
		j = mustOpen(t, dir, options())
		if s := j.State(); s.Size != 5 || s.Cut != cut || (len(s.Mended) > 0) != (cut > 0) {
			t.Errorf("want %d bytes cut: %+v", cut, s)
		}
		mustClose(t, j)
	}
}

// TestTailLost: that a record was acknowledged stands in head at once: where it is gone
// after a crash, the log is refused.
func TestTailLost(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	fill(t, j, 4)
	was := readAll(t, dir)["segments/"+segmentName(0)]
	fill(t, j, 1)
	files := readAll(t, copyOf(t, dir))
	files["segments/"+segmentName(0)] = was
	crashed := t.TempDir()
	restore(t, crashed, files)
	if _, err := Open(crashed, options()); !errors.Is(err, ErrDamaged) {
		t.Errorf("open: %v", err)
	}
}
