package attest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/trust"
)

// FuzzDocument holds that no bytes make the package panic, and that none verify
// but those whose statement was really signed: the corpus has such documents,
// and the fuzzer none of their keys.
func FuzzDocument(f *testing.F) {
	verifier, want := fuzzTrust(f)
	f.Add([]byte(bundleHead + "}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		docs, err := attest.Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, d := range docs {
			v := verifier.Verify(d, want)
			if v.Verified != (v.Reason == "") {
				t.Fatalf("verified %v, reason %q", v.Verified, v.Reason)
			}
			if v.Verified && !signedForReal[v.Established.PredicateType] {
				t.Fatalf("a forgery verifies: %s", asJSON(v))
			}
		}
	})
}

var signedForReal = map[string]bool{
	"https://slsa.dev/provenance/v1": true, // the public-good bundle's
	"https://example.test/p/v1":      true, // the envelope's
}

// fuzzTrust accepts the signers of testdata/fuzz-trust: the public-good root's
// bundle and one key's envelopes.
func fuzzTrust(tb testing.TB) (*attest.Verifier, attest.Expect) {
	tb.Helper()
	dir := filepath.Join("testdata", "fuzz-trust")
	if _, err := os.Stat(dir); err != nil {
		tb.Fatal(err)
	}
	t, err := trust.Load(dir)
	must(tb, err)
	return attest.NewVerifier(t), attest.Expect{}
}
