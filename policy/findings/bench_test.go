package findings_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"stellad/policy/findings"
)

// BenchmarkParse reads a report of 5,000 findings, and beside it has encoding/json read the same bytes as whatever they are.
func BenchmarkParse(b *testing.B) {
	text := []byte(grypeOf(5000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var own, plain time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := findings.Parse("grype", text); err != nil {
			b.Fatal(err)
		}
		own += time.Since(began)
		b.StopTimer()
		began = time.Now()
		var any map[string]any
		if err := json.Unmarshal(text, &any); err != nil {
			b.Fatal(err)
		}
		plain += time.Since(began)
		b.StartTimer()
	}
	b.ReportMetric(own.Seconds()/plain.Seconds(), "x-encoding/json")
}

// BenchmarkMerge is of two scanners that find the same. The time of a finding is to stay what it is.
func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		r := readQuickly(b, grypeOf(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m := findings.Merge(map[string]*findings.Report{"a": r, "b": r}); len(m) != n {
					b.Fatal(len(m))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/finding")
		})
	}
}
