package tlog

import (
	"crypto/sha256"
	"encoding/base64"
)

// Hash is a SHA-256 hash in a Merkle tree: of a leaf, of a node, or a root.
type Hash [sha256.Size]byte

// String gives the hash in standard base64: 44 characters, as checkpoints and
// proofs write it.
func (h Hash) String() string {
	return base64.StdEncoding.EncodeToString(h[:])
}

// The first byte of what is hashed tells leaves from nodes, so that neither can
// be shown as the other. RFC 6962 §2.1.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// LeafHash gives SHA-256(0x00 ‖ leaf), the hash of a record of any length in the
// tree. RFC 6962 §2.1, RFC 9162 §2.1.1.
func LeafHash(leaf []byte) Hash {
	// Not rfc6962.DefaultHasher, which allocates three times: mirrors hash every
	// leaf of a log. The tests hold the two equal.
	digest := sha256.New()
	digest.Write([]byte{leafPrefix})
	digest.Write(leaf)
	var h Hash
	digest.Sum(h[:0])
	return h
}

// NodeHash gives SHA-256(0x01 ‖ left ‖ right), the hash of a node over its two
// children. RFC 6962 §2.1, RFC 9162 §2.1.1.
func NodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// EmptyRoot gives SHA-256 of nothing, the root of a tree without leaves.
// RFC 6962 §2.1, RFC 9162 §2.1.1.
func EmptyRoot() Hash {
	return sha256.Sum256(nil)
}

// parseHash reads what Hash.String writes, and nothing else.
func parseHash(s string) (Hash, bool) {
	raw, ok := decodeBase64(s)
	if !ok || len(raw) != sha256.Size {
		return Hash{}, false
	}
	return Hash(raw), true
}
