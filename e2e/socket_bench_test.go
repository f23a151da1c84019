package e2e

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/trust"
)

// BenchmarkSocket asks a stellad through verify.sock, as a service does. A verdict from memory, for which the document
// of 10 KB is sent each time, stands beside the same asked for by the document's digest alone, and beside two calls
// that ask for nothing on the same connection: an empty one, and one that carries as many bytes. A verdict that is reached for the call stands beside the same verification without a
// daemon. What is compared takes turns.
func BenchmarkSocket(b *testing.B) {
	b.Run("cached", func(b *testing.B) {
		b.Run("1client", benchOneClient)
		b.Run("8clients", benchManyClients)
	})
	b.Run("cold", benchCold)
}

func benchOneClient(b *testing.B) {
	d, _ := demoAppliance(b)
	c := startServices(b, d, 1)[0]
	var verifies, knowns, empties, carries times
	for b.Loop() {
		empties.of(b, c.empty)
		knowns.of(b, c.verifyKnown)
		verifies.of(b, c.verify)
		carries.of(b, c.carry)
	}
	b.ReportMetric(0, "ns/op") // all together: it says nothing
	b.ReportMetric(verifies.micros(50), "cached-p50-µs")
	b.ReportMetric(verifies.micros(99), "cached-p99-µs")
	b.ReportMetric(empties.micros(50), "empty-p50-µs")
	b.ReportMetric(empties.micros(99), "empty-p99-µs")
	b.ReportMetric(knowns.micros(50), "known-p50-µs")
	b.ReportMetric(verifies.micros(50)/empties.micros(50), "x-empty")
	b.ReportMetric(knowns.micros(50)/empties.micros(50), "known-x-empty")
	b.ReportMetric(verifies.micros(50)/carries.micros(50), "x-carried")
}

// benchManyClients has eight connections call at once, for some milliseconds each call in its turn.
func benchManyClients(b *testing.B) {
	d, _ := demoAppliance(b)
	clients := startServices(b, d, 8)
	var verifies, knowns, empties, carries rates
	for b.Loop() {
		empties.of(b, clients, asker.empty)
		knowns.of(b, clients, asker.verifyKnown)
		verifies.of(b, clients, asker.verify)
		carries.of(b, clients, asker.carry)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(verifies.median(), "cached/s")
	b.ReportMetric(empties.median(), "empty/s")
	b.ReportMetric(verifies.took.micros(99), "cached-p99-µs")
	b.ReportMetric(verifies.median()/empties.median(), "x-empty-rate")
	b.ReportMetric(knowns.median()/empties.median(), "known-x-empty-rate")
	b.ReportMetric(verifies.median()/carries.median(), "x-carried-rate")
}

// benchCold asks each time about an artifact of another name, which the cache can't know.
func benchCold(b *testing.B) {
	d, bundle := demoAppliance(b)
	c := startServices(b, d, 1)[0]
	text, err := os.ReadFile(bundle)
	if err != nil {
		b.Fatal(err)
	}
	roots, err := trust.Load(filepath.Join(d.dir, "trust"))
	if err != nil {
		b.Fatal(err)
	}
	verifier := attest.NewVerifier(roots)
	var there, here times
	for n := 0; b.Loop(); n++ {
		there.of(b, func() error { return c.ask(&stellav1.VerifyRequest{Document: text, Artifact: demoArtifact(n)}) })
		here.of(b, func() error {
			docs, err := attest.Parse(text)
			if err != nil {
				return err
			}
			if v := verifier.Verify(docs[0], attest.Expect{}); !v.Verified {
				return fmt.Errorf("refused: %s", v.Reason)
			}
			return nil
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(there.micros(50), "socket-p50-µs")
	b.ReportMetric(there.micros(99), "socket-p99-µs")
	b.ReportMetric(here.micros(50), "process-p50-µs")
	b.ReportMetric(there.micros(50)/here.micros(50), "x-process")
}

// demoArtifact is what the demo's bundle is about, under the nth of many names.
func demoArtifact(n int) *stellav1.Artifact {
	sum := make([]byte, sha512.Size)
	_, _ = hex.Decode(sum, []byte(strings.TrimPrefix(demoDigest, "sha512:")))
	return &stellav1.Artifact{Name: fmt.Sprint(n), Kind: "digest given", Any: []*stellav1.Digests{{Sha512: sum}}}
}
