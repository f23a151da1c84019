package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/internal/vectors"
)

// BenchmarkVerify parses and verifies, with a verifier made once, and beside it
// makes the signature checks that the same bundle can't do without. The two take
// turns, so that a machine whose speed drifts does not favour one; medians of
// both are told, and x-raw is their ratio.
func BenchmarkVerify(b *testing.B) {
	// a Rekor v1 entry: artifact, certificate timestamp, promise, checkpoint; the certificate by its issuer
	b.Run("v1", func(b *testing.B) { benchVerify(b, demo, checks(b, 4, 1, 0)) })
	// a Rekor v2 entry: artifact and certificate timestamp; certificate and timestamp; checkpoint
	b.Run("v2", func(b *testing.B) { benchVerify(b, conformance("rekor2-happy-path"), checks(b, 2, 2, 1)) })
	// a key: artifact, promise, checkpoint
	b.Run("key", func(b *testing.B) { benchVerify(b, conformance("managed-key-and-trusted-root"), checks(b, 3, 0, 0)) })
}

// A subject of a benchmark: a bundle, and what it verifies by.
type benchSubject func(testing.TB) (text []byte, verifier *attest.Verifier, want attest.Expect)

// demo is the bundle of the demo, a real one of the public-good deployment.
func demo(b testing.TB) ([]byte, *attest.Verifier, attest.Expect) {
	dir := filepath.Join("..", "packaging", "demo")
	t, err := trust.Load(filepath.Join(dir, "trust"))
	must(b, err)
	return read(b, filepath.Join(dir, "sigstore-js.sigstore.json")), attest.NewVerifier(t), attest.Expect{}
}

func conformance(name string) benchSubject {
	return func(b testing.TB) ([]byte, *attest.Verifier, attest.Expect) {
		dir := vectors.Dir(b, "sigstore")
		var manifest struct{ Cases []vector }
		vectors.Manifest(b, dir, &manifest)
		i := slices.IndexFunc(manifest.Cases, func(v vector) bool { return v.Case == name })
		row := manifest.Cases[i]
		verifier, want, err := row.setUp(b, dir)
		must(b, err)
		return read(b, filepath.Join(dir, row.Bundle)), verifier, want
	}
}

func benchVerify(b *testing.B, subject benchSubject, raw func()) {
	text, verifier, want := subject(b)
	var verifies, raws []time.Duration
	for b.Loop() {
		start := time.Now()
		docs, err := attest.Parse(text)
		must(b, err)
		if v := verifier.Verify(docs[0], want); !v.Verified {
			b.Fatal(v.Reason)
		}
		between := time.Now()
		raw()
		verifies, raws = append(verifies, between.Sub(start)), append(raws, time.Since(between))
	}
	b.ReportMetric(0, "ns/op") // both together: it says nothing
	b.ReportMetric(micros(verifies), "verify-µs")
	b.ReportMetric(micros(raws), "raw-µs")
	b.ReportMetric(micros(verifies)/micros(raws), "x-raw")
}

func micros(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1000
}

// checks gives so many signature checks on P-256, P-384 and Ed25519.
func checks(b testing.TB, p256, p384, ed int) func() {
	digest := sha256.Sum256([]byte("raw"))
	var all []func() bool
	for curve, n := range map[elliptic.Curve]int{elliptic.P256(): p256, elliptic.P384(): p384} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(b, err)
		sig, err := ecdsa.SignASN1(rand.Reader, k, digest[:])
		must(b, err)
		for range n {
			all = append(all, func() bool { return ecdsa.VerifyASN1(&k.PublicKey, digest[:], sig) })
		}
	}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	sig, err := priv.Sign(rand.Reader, digest[:], crypto.Hash(0))
	must(b, err)
	for range ed {
		all = append(all, func() bool { return ed25519.Verify(pub, digest[:], sig) })
	}
	return func() {
		for _, check := range all {
			if !check() {
				b.Fatal("a good signature does not hold")
			}
		}
	}
}
