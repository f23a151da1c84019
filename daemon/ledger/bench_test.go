package ledger

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// BenchmarkOpen starts on a log of a million records: with views that have it all, as a clean stop leaves them or a kill;
// and with none, which then are folded anew.
func BenchmarkOpen(b *testing.B) {
	state := b.TempDir()
	l := open(b, state, "")
	vkey := l.Key()
	var all sync.WaitGroup
	for range 250 {
		all.Go(func() {
			for range 4000 {
				_, err := l.journal.Append(b.Context(), caller(1).Draft(typeCall), nil)
				must(b, err)
			}
		})
	}
	all.Wait()
	must(b, l.Acted(b.Context(), caller(1), "x")) // which has the views follow
	killed := filepath.Join(b.TempDir(), "killed")
	must(b, exec.Command("cp", "-a", "--sparse=always", state, killed).Run())
	must(b, l.Close())
	for name, from := range map[string]struct{ state, without string }{
		"clean": {state, ""}, "killed": {killed, ""}, "no-views": {state, "db"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				dir := filepath.Join(b.TempDir(), "copy")
				must(b, exec.Command("cp", "-a", "--sparse=always", from.state, dir).Run())
				if from.without != "" {
					must(b, os.RemoveAll(filepath.Join(dir, from.without)))
				}
				b.StartTimer()
				l := open(b, dir, vkey)
				b.StopTimer()
				must(b, errors.Join(l.Close(), os.RemoveAll(dir)))
				b.StartTimer()
			}
		})
	}
}
