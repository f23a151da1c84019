package pack_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"stellad/policy"
	"stellad/policy/engine"
	"stellad/policy/pack/packtest"
)

// BenchmarkDecision is one decision by a policy that is loaded about facts that are read. ns/finding tells what one
// finding more costs, beside what every decision does: it must not grow with their number.
func BenchmarkDecision(b *testing.B) {
	loaded := load(b)
	none := timed(b, loaded, packtest.Many(0, 0))
	for _, size := range [][2]int{{50, 5}, {500, 0}, {500, 50}, {500, 500}, {5000, 500}} {
		b.Run(fmt.Sprintf("findings=%d/vex=%d", size[0], size[1]), func(b *testing.B) {
			ask := asker(b, loaded, packtest.Many(size[0], size[1]))
			for b.Loop() {
				ask()
			}
			whole := float64(b.Elapsed()) / float64(b.N)
			b.ReportMetric(whole/float64(size[0]), "ns/finding")
			b.ReportMetric((whole-float64(none))/float64(size[0]), "more-ns/finding")
		})
	}
}

// BenchmarkStock is a decision about 500 findings, 50 of them with VEX, beside that of an `opa eval` with the same bundle and
// input, in turns. Medians are told; x-opa is the ratio: under 1 is faster.
func BenchmarkStock(b *testing.B) {
	in := packtest.Many(500, 50)
	ask := asker(b, load(b), in)
	asked := filepath.Join(b.TempDir(), "asked.json")
	write(b, asked, encoded(b, in))
	program, of := stock(b), packed(b)
	var ours, theirs []time.Duration
	for b.Loop() {
		ours = append(ours, took(ask))
		theirs = append(theirs, took(func() { run(b, program, "eval", "-b", of, "-i", asked, "data.stella.decision") }))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(ours))/1e6, "ms")
	b.ReportMetric(float64(median(theirs))/1e6, "opa-ms")
	b.ReportMetric(float64(median(ours))/float64(median(theirs)), "x-opa")
}

// asker readies an input to be asked about.
func asker(b *testing.B, loaded *engine.Policy, in policy.Input) func() {
	b.Helper()
	facts, err := engine.ReadFacts(encoded(b, in.Facts))
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if _, err := loaded.Decide(b.Context(), facts, more(in)); err != nil {
			b.Fatal(err)
		}
	}
}

// timed is the median of 51 decisions.
func timed(b *testing.B, loaded *engine.Policy, in policy.Input) time.Duration {
	b.Helper()
	ask := asker(b, loaded, in)
	var times []time.Duration
	for range 51 {
		times = append(times, took(ask))
	}
	return median(times)
}

func took(what func()) time.Duration {
	start := time.Now()
	what()
	return time.Since(start)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
