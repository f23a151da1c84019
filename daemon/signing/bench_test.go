package signing

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stellad/audit"
	"stellad/keys"
)

// BenchmarkSign has so many callers sign statements, each of its own: with a token behind hsm.sock and a log on disk.
//
// Beside it, in turns, stands what can't be left out, by as many callers: three signatures by the token (statement, time,
// checkpoint) and two records, one after another. x-parts is the ratio of the medians; rate-x-parts that of the rates.
func BenchmarkSign(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers-%d", callers), func(b *testing.B) {
			s := newSite(b)
			parts := s.parts(b)
			var whole, needed spell
			for n := 0; b.Loop(); n++ {
				whole.of(b, callers, func(caller, i int) error {
					_, _, err := s.Sign(b.Context(), audit.Record{}, request(fmt.Sprint(n, caller, i)))
					return err
				})
				needed.of(b, callers, parts)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(whole.p50(), "p50-µs")
			b.ReportMetric(whole.rate(), "sign/s")
			b.ReportMetric(whole.p50()/needed.p50(), "x-parts")
			b.ReportMetric(whole.rate()/needed.rate(), "rate-x-parts")
		})
	}
}

// BenchmarkParts is of one caller: what each part of a signature takes, in microseconds.
func BenchmarkParts(b *testing.B) {
	s := newSite(b)
	_, signed, err := s.Sign(b.Context(), audit.Record{}, request("parts"))
	must(b, err)
	key := s.tokenKey(b)
	var token, record, again spell
	for b.Loop() {
		token.of(b, 1, func(int, int) error { return key() })
		record.of(b, 1, func(int, int) error { return s.record(b) })
		again.of(b, 1, func(int, int) error {
			_, err := s.Bundle(b.Context(), signed)
			return err
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(token.p50(), "token-signature-µs")
	b.ReportMetric(record.p50(), "record-µs")
	b.ReportMetric(again.p50(), "bundle-µs")
}

// parts gives what a signature can't do without.
func (s *site) parts(b *testing.B) func(caller, i int) error {
	b.Helper()
	key := s.tokenKey(b)
	return func(int, int) error {
		for range 3 {
			if err := key(); err != nil {
				return err
			}
		}
		if err := s.record(b); err != nil {
			return err
		}
		return s.record(b)
	}
}

func (s *site) tokenKey(b *testing.B) func() error {
	b.Helper()
	e, err := s.registry.TheActive(keys.Attestation)
	must(b, err)
	key, err := s.registry.Signer(e)
	must(b, err)
	sum := sha256.Sum256([]byte("x"))
	return func() error {
		_, err := key.Sign(nil, sum[:], crypto.SHA256)
		return err
	}
}

// record writes one that takes as much room as an intent to sign.
func (s *site) record(b *testing.B) error {
	act := audit.Record{Type: "stamp", V: 1, Outcome: "ok"}
	sum := strings.Repeat("0", 64)
	_, err := s.Write(b.Context(), act, audit.Stamp{Algorithm: "sha-256", Digest: sum, Key: sum}, nil)
	return err
}

// A spell is half a second of calls, and another of each turn.
type spell struct {
	mu    sync.Mutex
	took  []time.Duration
	calls atomic.Int64
	spent time.Duration
}

func (s *spell) of(b *testing.B, callers int, call func(caller, i int) error) {
	var all sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		all.Go(func() {
			for i := 0; time.Since(start) < 500*time.Millisecond; i++ {
				before := time.Now()
				if err := call(caller, i); err != nil {
					b.Error(err)
					return
				}
				s.calls.Add(1)
				s.mu.Lock()
				s.took = append(s.took, time.Since(before))
				s.mu.Unlock()
			}
		})
	}
	all.Wait()
	s.spent += time.Since(start)
}

func (s *spell) p50() float64 {
	slices.Sort(s.took)
	return float64(s.took[len(s.took)/2].Nanoseconds()) / 1000
}

func (s *spell) rate() float64 { return float64(s.calls.Load()) / s.spent.Seconds() }
