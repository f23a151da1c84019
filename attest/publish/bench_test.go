package publish_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"stellad/attest/sign"
	"stellad/tlog"
)

// BenchmarkBundle makes a whole bundle, from the statement on: signed, logged with a
// checkpoint and a proof, stamped, put together and verified. Beside it, in turns, are
// the signatures and checks that this can't do without: three signatures on P-256
// (envelope, checkpoint, timestamp), each checked once before it goes on, and the three
// checks of the verification. x-sign is the ratio to one raw signature, x-raw that to
// all of those.
func BenchmarkBundle(b *testing.B) {
	s := newSite(b, newP256(b))
	for range 300 { // a log of some height
		s.take(b, []byte("an entry"))
	}
	verifier := s.verifier(b)
	key, digest := newP256(b), sha256.Sum256([]byte("raw"))
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	must(b, err)
	var makes, signs, raws []time.Duration
	for b.Loop() {
		begin := time.Now()
		m := s.make(b, start.AddDate(0, 1, 0))
		_, err := m.Bundle(m.Evidence, verifier)
		must(b, err)
		made := time.Now()
		for range 3 {
			_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			must(b, err)
		}
		signed := time.Now()
		for range 6 {
			verifies(b, key.Public(), digest[:], sig)
		}
		makes, signs = append(makes, made.Sub(begin)), append(signs, signed.Sub(made)/3)
		raws = append(raws, time.Since(made))
	}
	b.ReportMetric(0, "ns/op") // all together: it says nothing
	b.ReportMetric(micros(makes), "bundle-µs")
	b.ReportMetric(micros(signs), "sign-µs")
	b.ReportMetric(micros(makes)/micros(signs), "x-sign")
	b.ReportMetric(micros(makes)/micros(raws), "x-raw")
}

// The steps of it by themselves.
func BenchmarkSteps(b *testing.B) {
	s := newSite(b, newP256(b))
	for range 300 {
		s.take(b, []byte("an entry"))
	}
	verifier, said := s.verifier(b), statement(b)
	e, err := sign.Sign(s.key, said)
	must(b, err)
	m := s.make(b, start)
	steps := map[string]func() error{
		"statement": func() error { statement(b); return nil },
		"sign":      func() error { _, err := sign.Sign(s.key, said); return err },
		"stamp":     func() error { _, err := s.tsa.Stamp(e.Signature(), start, time.Second); return err },
		"append":    func() error { s.take(b, e.Entry()); return nil },
		"checkpoint": func() error {
			_, err := s.log.SignCheckpoint(tlog.Checkpoint{Origin: s.Name, Size: s.state.Size, Root: s.state.Root})
			return err
		},
		"bundle": func() error { _, err := m.Bundle(m.Evidence, verifier); return err },
	}
	for _, name := range []string{"statement", "sign", "append", "checkpoint", "stamp", "bundle"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(b, steps[name]())
			}
		})
	}
}

func micros(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1000
}

func verifies(b *testing.B, public crypto.PublicKey, digest, sig []byte) {
	b.Helper()
	if !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest, sig) {
		b.Fatal("a good signature does not hold")
	}
}
