package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
)

// A large bundle is one of many attestations, with the trust by which it verifies.
type large struct {
	dir      string
	one      []byte // of the attestations, which differ in blanks alone
	verifier *attest.Verifier
}

// newLarge makes large.tar.gz of n attestations, and the folder trust.
func newLarge(t testing.TB, n int) large {
	t.Helper()
	s := attesttest.NewSite(t, 1)
	one := s.Bundle([]attest.Subject{attesttest.SubjectOf("app", []byte("app"))}, sign.Predicate{Type: "https://example.test/checked/v1", JSON: []byte("{}")})
	in := bundle.Input{Policy: []byte("{}\n")}
	for i := range n {
		text := append(bytes.Clone(one), strings.NewReplacer("0", " ", "1", "\t").Replace(fmt.Sprintf("%014b", i))...)
		in.Documents = append(in.Documents, bundle.Document{
			SHA256: sealed.Sum(text), Kind: kind.Bundle, Verdict: "verified", Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
		})
	}
	draft, err := bundle.NewDraft(in)
	must(t, err)
	l := large{t.TempDir(), one, s.Verifier()}
	f, err := os.Create(filepath.Join(l.dir, "large.tar.gz"))
	must(t, err)
	must(t, draft.Write(f, s.Bundle(draft.Subjects(), draft.Predicate())))
	must(t, f.Close())
	must(t, os.CopyFS(filepath.Join(l.dir, "trust"), os.DirFS(filepath.Join(s.Folder(), "trust"))))
	return l
}

var verifyLarge = []string{"stella", "attest", "verify", "--bundle", "large.tar.gz", "--trust-root", "trust", "--report", "report.json"}

// TestLargeBundle verifies a bundle of some hundred attestations in little memory: the benchmark does one of 10,000.
func TestLargeBundle(t *testing.T) {
	l := newLarge(t, 800)
	var r runs
	r.run(t, l.dir, verifyLarge)
	most := 128.0
	if raced {
		most *= 4
	}
	if r.megabytes() > most {
		t.Errorf("it took %.0f MB, and may take %.0f", r.megabytes(), most)
	}
}

// BenchmarkBundle verifies a bundle of 10,000 attestations, beside the same attestation verified as often in this process,
// and beside the SHA-256 of the bundle's bytes: what is more than both is tar, gzip, comparing what stands beside, and the
// report. MB is the most memory that the command held.
func BenchmarkBundle(b *testing.B) {
	const n = 10_000
	l := newLarge(b, n)
	text, err := os.ReadFile(filepath.Join(l.dir, "large.tar.gz"))
	must(b, err)
	var whole runs
	var alone, hashed times
	for b.Loop() {
		whole.run(b, l.dir, verifyLarge)
		alone.of(b, func() error { return l.verify(n) })
		hashed.of(b, func() error {
			_ = sha256.Sum256(text)
			return nil
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(whole.millis()*1000/n, "µs/attestation")
	b.ReportMetric(alone.micros(50)/n, "verify-µs")
	b.ReportMetric(whole.millis()*1000/alone.micros(50), "x-verify")
	b.ReportMetric(whole.millis()*1000/(alone.micros(50)+hashed.micros(50)), "x-verify+sha256")
	b.ReportMetric(whole.megabytes(), "MB")
}

func (l large) verify(n int) error {
	for range n {
		docs, err := attest.Parse(l.one)
		if err != nil {
			return err
		}
		if v := l.verifier.Verify(docs[0], attest.Expect{}); !v.Verified {
			return fmt.Errorf("refused: %s", v.Reason)
		}
	}
	return nil
}

// BenchmarkEvidenceAdd adds 10,000 attestations to an appliance, sixteen at a time, as the command does it.
func BenchmarkEvidenceAdd(b *testing.B) {
	const n = 10_000
	text, err := os.ReadFile(filepath.Join("..", "packaging", "demo", "sigstore-js.sigstore.json"))
	must(b, err)
	var took times
	for b.Loop() {
		d, _ := demoAppliance(b)
		dir := b.TempDir()
		for i := range n {
			must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.json", i)), append(bytes.Clone(text), strings.NewReplacer("0", " ", "1", "\t").Replace(fmt.Sprintf("%014b", i))...), 0o600))
		}
		start := time.Now()
		if out, err := d.command("stella", "evidence", "add", dir, "-o", "json").CombinedOutput(); err != nil {
			b.Fatalf("%v\n%.300s", err, out)
		}
		took = append(took, time.Since(start))
		d.stop(b)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(n/(took.micros(50)/1e6), "documents/s")
}
