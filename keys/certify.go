package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"time"

	"stellad/attest/tsa"
)

// certified is for how many years a timestamping key is certified: tokens are judged at their own time, so that it only
// bounds how long the key is used.
const certified = 10

// certify makes the certificates of a timestamping key, its own first. Verifiers want a root that is another key. That
// one is made here, signs once and is forgotten: nobody can certify a second key under a root that is trusted.
func (r *Registry) certify(public crypto.PublicKey) ([][]byte, error) {
	once, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from := r.now().UTC().Truncate(time.Second)
	valid := tsa.Validity{From: from, Until: from.AddDate(certified, 0, 0)}
	root, err := tsa.NewRoot(once, r.name, valid)
	if err != nil {
		return nil, err
	}
	leaf, err := tsa.NewLeaf(root, once, public, r.name, valid)
	if err != nil {
		return nil, err
	}
	return [][]byte{leaf.Raw, root.Raw}, nil
}
