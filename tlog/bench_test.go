package tlog

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"testing"
)

// What opening a checkpoint costs, beside the signature checks in it alone.
func BenchmarkOpenCheckpoint(b *testing.B) {
	log, w := logSigner(b, "example.com/log", 1), witness(b, "w", 2, 1700000000)
	rekor := ecdsaSigner(b, "example.com/log", elliptic.P256())
	for _, c := range []struct {
		name string
		log  signer
		q    Quorum
	}{
		{"ed25519", log, Quorum{}},
		{"ed25519+cosignature", log, Quorum{1, keysOf(w)}},
		{"p256", rekor, Quorum{}},
	} {
		msg := signed(b, checkpointText, c.log, w)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := OpenCheckpoint(msg, "", keysOf(c.log), c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
		sig := c.log.sign([]byte(checkpointText))
		b.Run(c.name+"/signature-alone", func(b *testing.B) {
			for b.Loop() {
				if !c.log.Verify([]byte(checkpointText), sig) {
					b.Fatal("it does not hold")
				}
			}
		})
	}
	public := log.PublicKey().(ed25519.PublicKey)
	sig := log.sign([]byte(checkpointText))
	b.Run("crypto-ed25519", func(b *testing.B) {
		for b.Loop() {
			ed25519.Verify(public, []byte(checkpointText), sig)
		}
	})
}

func BenchmarkParseCheckpoint(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCheckpoint([]byte(checkpointText)); err != nil {
			b.Fatal(err)
		}
	}
}

// What hashing a leaf costs, beside its SHA-256 alone.
func BenchmarkLeafHash(b *testing.B) {
	leaf := make([]byte, 512)
	b.Run("leaf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			LeafHash(leaf)
		}
	})
	b.Run("sha256", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256(leaf)
		}
	})
}

func BenchmarkRangeAppend(b *testing.B) {
	b.ReportAllocs()
	var r Range
	leaf := LeafHash(nil)
	for b.Loop() {
		r.Append(leaf)
	}
}

func BenchmarkVerifyInclusion(b *testing.B) {
	leaves := leavesOf(1 << 10)
	hashes, err := InclusionProof(777, 1<<10, nodesOf(leaves))
	if err != nil {
		b.Fatal(err)
	}
	root := mth(leaves)
	for b.Loop() {
		if err := VerifyInclusion(leaves[777], 777, 1<<10, hashes, root); err != nil {
			b.Fatal(err)
		}
	}
}
