package attest_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/trust"
)

// A bare envelope proves no time, so that a key with any bound counts for nothing
// in it: whether alone, or towards a threshold.
func TestEnvelopeSpans(t *testing.T) {
	a, b := newP256(t, "a"), newP256(t, "b")
	pemOf := func(s signer) []byte {
		spki, err := x509.MarshalPKIXPublicKey(s.private.Public())
		must(t, err)
		return pemPublic(spki)
	}
	for name, c := range map[string]struct {
		keys    string // tables of the signers.toml
		signers []signer
		need    string
		counted int // 0: refused
		reason  string
	}{
		"no bounds":                  {"", []signer{a, b}, "2", 2, ""},
		"one compromised, alone":     {"[[key]]\nfile='keys/b.pem'\ncompromised-from='2026-11-01T00:00:00Z'\n", []signer{b}, "1", 0, "no time is proven"},
		"one compromised of two":     {"[[key]]\nfile='keys/b.pem'\ncompromised-from='2026-11-01T00:00:00Z'\n", []signer{a, b}, "1", 1, ""},
		"one compromised, two asked": {"[[key]]\nfile='keys/b.pem'\ncompromised-from='2026-11-01T00:00:00Z'\n", []signer{a, b}, "2", 0, "needs 2 signatures, 1 proven"},
		"one with a start":           {"[[key]]\nfile='keys/b.pem'\nvalid-from='2026-11-01T00:00:00Z'\n", []signer{b}, "1", 0, "no time is proven"},
		"one with an end":            {"[[key]]\nfile='keys/a.pem'\nvalid-until='2036-11-01T00:00:00Z'\n", []signer{a}, "1", 0, "no time is proven"},
		"the other one's bound":      {"[[key]]\nfile='keys/a.pem'\nvalid-until='2036-11-01T00:00:00Z'\n", []signer{b}, "1", 1, ""},
	} {
		toml := "[require]\nsignatures=" + c.need + "\n[[signer]]\nkey='keys/a.pem'\n[[signer]]\nkey='keys/b.pem'\n" + c.keys
		root, err := trust.Parse([]trust.File{
			{Name: "keys/a.pem", Bytes: pemOf(a)}, {Name: "keys/b.pem", Bytes: pemOf(b)}, {Name: "signers.toml", Bytes: []byte(toml)},
		})
		must(t, err)
		docs, err := attest.Parse(envelopeOf(t, statementOf(virtualDigest), c.signers...))
		must(t, err)
		v := attest.NewVerifier(root).Verify(docs[0], attest.Expect{})
		if v.Verified != (c.counted > 0) || !strings.Contains(v.Reason, c.reason) || v.Verified && (v.Established.Signatures != c.counted || len(v.Established.Signer.Keys) != c.counted) {
			t.Errorf("%s: %v %q, %d signatures", name, v.Verified, v.Reason, v.Established.Signatures)
		}
		left := slices.ContainsFunc(v.NotEstablished, func(line string) bool { return strings.HasPrefix(line, "a signature by key keys/") })
		if v.Verified && left != (c.counted < len(c.signers)) {
			t.Errorf("%s: what counts for nothing isn't told: %q", name, v.NotEstablished)
		}
	}
}
