package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// BenchmarkWrite writes acts, durable and folded, from one caller and from many, beside writes that are synced one by
// one on the same disk: x-sync is how many acts there are to a sync.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			l := open(b, b.TempDir(), "")
			f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
			must(b, err)
			defer f.Close()
			var acts, syncs time.Duration
			n := 0
			for b.Loop() {
				start := time.Now()
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						for range 20 {
							if err := l.Acted(b.Context(), caller(1), "x"); err != nil {
								b.Error(err)
							}
						}
					})
				}
				all.Wait()
				between := time.Now()
				for range 20 {
					_, err := f.Write(make([]byte, 300))
					must(b, err)
					must(b, f.Sync())
				}
				acts, syncs, n = acts+between.Sub(start), syncs+time.Since(between), n+20
			}
			b.ReportMetric(0, "ns/op")
			perSecond := float64(n*callers) / acts.Seconds()
			b.ReportMetric(perSecond, "acts/s")
			b.ReportMetric(float64(n)/syncs.Seconds(), "syncs/s")
			b.ReportMetric(perSecond/(float64(n)/syncs.Seconds()), "x-sync")
		})
	}
}
