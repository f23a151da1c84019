package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func BenchmarkUpdate(b *testing.B) {
	for _, k := range []*Keyspace{tiles, notes} {
		for _, callers := range []int{1, 8, 64, 256} {
			b.Run(fmt.Sprintf("%s/callers=%d", k.kind, callers), func(b *testing.B) {
				s := mustOpen(b, opts(b.TempDir()))
				var n atomic.Int64
				b.SetParallelism(callers / min(callers, 2))
				if callers == 1 {
					b.SetParallelism(1)
				}
				b.ResetTimer()
				work := func() error {
					i := n.Add(1)
					return s.Update(context.Background(), func(tx *Tx) error {
						return tx.In(k).Put(fmt.Appendf(nil, "key%012d", i), make([]byte, 100))
					})
				}
				if callers == 1 {
					for range b.N {
						if err := work(); err != nil {
							b.Fatal(err)
						}
					}
				} else {
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := work(); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
			})
		}
	}
}

// BenchmarkFsync is what a commit cannot beat: 4 KiB and an fsync.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for i := range b.N {
		if _, err := f.WriteAt(make([]byte, 4096), int64(i%16)*4096); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkOpen opens a million small keys: the child reads them all.
func BenchmarkOpen(b *testing.B) {
	o := opts(b.TempDir())
	s := mustOpen(b, o)
	for i := 0; i < 1_000_000; {
		err := s.Update(context.Background(), func(tx *Tx) error {
			for range 10_000 {
				if err := tx.In(notes).Put(fmt.Appendf(nil, "key%012d", i), fmt.Append(nil, i)); err != nil {
					return err
				}
				i++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	mustClose(b, s)
	for b.Loop() {
		s := mustOpen(b, o)
		b.StopTimer()
		mustClose(b, s)
		b.StartTimer()
	}
}

// BenchmarkCatch builds a view from a log of a hundred thousand records.
func BenchmarkCatch(b *testing.B) {
	log := someLog(100_000)
	for b.Loop() {
		s := mustOpen(b, opts(b.TempDir()))
		mustCatch(b, s, log)
		mustClose(b, s)
	}
	b.ReportMetric(float64(b.N)*float64(len(log))/b.Elapsed().Seconds(), "records/s")
}
