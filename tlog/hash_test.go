package tlog

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"
)

// The first leaves and roots of RFC 6962's reference tree, as every implementation
// of it has them.
func TestKnownHashes(t *testing.T) {
	one, two := LeafHash(nil), LeafHash([]byte{0})
	for _, c := range []struct {
		name string
		got  Hash
		want string
	}{
		{"empty root", EmptyRoot(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"empty leaf", one, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"leaf 00", two, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"},
		{"node", NodeHash(one, two), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
	} {
		if got := hex.EncodeToString(c.got[:]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestHashesAgreeWithMerkle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaf := rapid.SliceOf(rapid.Byte()).Draw(t, "leaf")
		if LeafHash(leaf) != Hash(rfc6962.DefaultHasher.HashLeaf(leaf)) {
			t.Fatalf("leaf %x", leaf)
		}
		l, r := drawHash(t, "left"), drawHash(t, "right")
		if NodeHash(l, r) != Hash(rfc6962.DefaultHasher.HashChildren(l[:], r[:])) {
			t.Fatalf("node %s, %s", l, r)
		}
	})
}

// A node's two children, put together as a leaf, are not that node.
func TestLeafIsNoNode(t *testing.T) {
	l, r := LeafHash([]byte("l")), LeafHash([]byte("r"))
	if LeafHash(append(l[:], r[:]...)) == NodeHash(l, r) {
		t.Error("a leaf passes for a node")
	}
	if NodeHash(l, r) == NodeHash(r, l) {
		t.Error("children may be swapped")
	}
}

func TestHashString(t *testing.T) {
	h := Hash(sha256.Sum256([]byte("x")))
	if got, ok := parseHash(h.String()); !ok || got != h || len(h.String()) != 44 {
		t.Errorf("%s reads back as %s", h, got)
	}
}

func drawHash(t *rapid.T, label string) Hash {
	return Hash(rapid.SliceOfN(rapid.Byte(), sha256.Size, sha256.Size).Draw(t, label))
}
