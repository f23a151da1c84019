package tsa_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"stellad/attest/rfc3161"
	"stellad/attest/tsa"
)

// now is a time at which no machine's clock stands: what asks the clock fails here.
var now = time.Date(2041, 5, 6, 7, 8, 9, 987_654_321, time.UTC)

var years = tsa.Validity{From: now.AddDate(-1, 0, 0), Until: now.AddDate(9, 0, 0)}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return key
}

// setup is an authority with all that it is made of.
type setup struct {
	*tsa.Authority
	key, rootKey *ecdsa.PrivateKey
	leaf, root   *x509.Certificate
}

func newSetup(t testing.TB) setup {
	t.Helper()
	s := setup{key: newKey(t, elliptic.P256()), rootKey: newKey(t, elliptic.P256())}
	var err error
	s.root, err = tsa.NewRoot(s.rootKey, "stella.example", years)
	must(t, err)
	s.leaf, err = tsa.NewLeaf(s.root, s.rootKey, s.key.Public(), "stella.example", tsa.Validity{From: now.AddDate(0, -1, 0), Until: now.AddDate(1, 0, 0)})
	must(t, err)
	s.Authority, err = tsa.NewAuthority(s.key, s.leaf, s.root)
	must(t, err)
	return s
}

// verify is what a reader does who trusts the root.
func (s setup) verify(t testing.TB, response []byte, hash crypto.Hash, digest []byte) (*rfc3161.Timestamp, error) {
	t.Helper()
	a, err := rfc3161.NewAuthority("https://stella.example/tsa", []*x509.Certificate{s.root}, []*x509.Certificate{s.leaf})
	must(t, err)
	return a.VerifyDigest(response, hash, digest)
}
