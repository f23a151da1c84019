package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stellad/audit"
)

// BenchmarkSync is what the disk can do: one write of a record's length and one sync, in
// an allocated file, with nobody else about. The others are to be held against it.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	sys := kernel()
	if err := sys.allocate(f, 64<<20); err != nil {
		b.Fatal(err)
	}
	record := make([]byte, 300)
	var took []time.Duration
	for n := int64(0); b.Loop(); n++ {
		began := time.Now()
		if sys.write(f, record, n*300%(60<<20)) != nil || sys.sync(f) != nil {
			b.Fatal("it fails")
		}
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkAppend is the rate at which callers who wait for each record get them.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 8, 64, 256} {
		for _, slow := range []time.Duration{0, 2 * time.Millisecond} {
			name := fmt.Sprintf("callers=%d/disk=%v", callers, slow)
			b.Run(name, func(b *testing.B) { benchmarkAppend(b, callers, slow, nil) })
		}
	}
	b.Run("callers=64/annotated", func(b *testing.B) {
		benchmarkAppend(b, 64, 0, map[string]string{"reason": "a reason of some length"})
	})
}

func benchmarkAppend(b *testing.B, callers int, slow time.Duration, text map[string]string) {
	o := options()
	o.SegmentSize = 64 << 20
	o.sys = kernel()
	var syncs, syncing atomic.Int64
	o.sys.sync = func(f *os.File) error {
		began := time.Now()
		time.Sleep(slow)
		err := datasync(f)
		if filepath.Base(f.Name()) != "head" {
			syncs.Add(1)
			syncing.Add(int64(time.Since(began)))
		}
		return err
	}
	j := mustOpen(b, b.TempDir(), o)
	mustAppend(b, j, nil)
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	took := make([][]time.Duration, callers)
	syncs.Store(0)
	syncing.Store(0)
	b.ResetTimer()
	for c := range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				began := time.Now()
				if _, err := j.Append(b.Context(), draft(1), text); err != nil {
					b.Error(err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	report(b, slices.Concat(took...))
	// How many of the syncs that the disk could do in a row each caller gets served by.
	perSync := float64(syncing.Load()) / float64(syncs.Load())
	b.ReportMetric(float64(b.N)/float64(syncs.Load()), "records/sync")
	b.ReportMetric(float64(b.N)*perSync/float64(b.Elapsed())/float64(callers), "of-callers×sync-rate")
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkStart opens a journal of a million records: after a clean stop, and as a kill
// leaves it. The target is a second.
func BenchmarkStart(b *testing.B) {
	o := options()
	o.SegmentSize = 64 << 20
	dir := b.TempDir()
	j := mustOpen(b, dir, o)
	mustAppend(b, j, nil)
	var all sync.WaitGroup
	for range 250 {
		all.Go(func() {
			for range 4000 {
				if _, err := j.Append(b.Context(), draft(1), nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	killed := copyOf(b, dir)
	mustClose(b, j)
	start := func(dir string) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				j := mustOpen(b, dir, o)
				if j.State().Size != 1_000_001 {
					b.Fatal(j.State())
				}
				b.StopTimer()
				j.abandon()
				b.StartTimer()
			}
		}
	}
	b.Run("killed", start(killed))
	b.Run("clean", start(dir))
	j = mustOpen(b, dir, o)
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if _, err := j.Check(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("replay", func(b *testing.B) {
		for b.Loop() {
			if err := j.Replay(0, func(*audit.Record) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for n := uint64(0); b.Loop(); n += 7919 {
			if _, err := j.Read(n % 1_000_000); err != nil {
				b.Fatal(err)
			}
		}
	})
}
