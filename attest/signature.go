package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// hashesOf gives the hashes with which a key may have signed, the likeliest
// first. Early Sigstore clients signed with SHA-256 whatever the curve.
func hashesOf(pub crypto.PublicKey) []crypto.Hash {
	if k, ok := pub.(*ecdsa.PublicKey); ok {
		switch k.Curve {
		case elliptic.P384():
			return []crypto.Hash{crypto.SHA384, crypto.SHA256}
		case elliptic.P521():
			return []crypto.Hash{crypto.SHA512, crypto.SHA256}
		}
	}
	return []crypto.Hash{crypto.SHA256}
}

var errSignature = errors.New("the signature is not by this key")

// message is what an envelope's signature is over, hashed once by each hash
// however many keys and signatures it is held against.
type message struct {
	pae     []byte
	digests Digests
}

func newMessage(payloadType string, payload []byte) *message {
	return &message{pae: dsse.PAE(payloadType, payload), digests: Digests{}}
}

func (m *message) digest(hash crypto.Hash) []byte {
	if m.digests[hash] == nil {
		h := hash.New()
		h.Write(m.pae)
		m.digests[hash] = h.Sum(nil)
	}
	return m.digests[hash]
}

// signedBy checks a signature over the message: ECDSA, RSA PKCS #1 v1.5, or
// plain Ed25519.
func (m *message) signedBy(pub crypto.PublicKey, sig []byte) error {
	if k, ok := pub.(ed25519.PublicKey); ok {
		if !ed25519.Verify(k, m.pae, sig) {
			return errSignature
		}
		return nil
	}
	for _, hash := range hashesOf(pub) {
		if verifyHashed(pub, hash, m.digest(hash), sig) == nil {
			return nil
		}
	}
	return errSignature
}

func verifyHashed(pub crypto.PublicKey, hash crypto.Hash, digest, sig []byte) error {
	verifier, err := signature.LoadVerifier(pub, hash)
	if err != nil {
		return err
	}
	return verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(nil), options.WithDigest(digest))
}

// verifyDigest checks a signature over an artifact known by its digests, and
// gives the hash that was signed. Ed25519 signs digests as Ed25519ph, with
// SHA-512; a plain Ed25519 signature is over the artifact itself, and is not
// verified here.
func verifyDigest(pub crypto.PublicKey, digests Digests, sig []byte) (crypto.Hash, error) {
	if k, ok := pub.(ed25519.PublicKey); ok {
		return crypto.SHA512, verifyPrehashed(k, digests[crypto.SHA512], sig)
	}
	var lacking crypto.Hash
	for _, hash := range hashesOf(pub) {
		digest, have := digests[hash]
		if !have {
			lacking = hash
			continue
		}
		if verifyHashed(pub, hash, digest, sig) == nil {
			return hash, nil
		}
	}
	if lacking != 0 {
		return 0, fmt.Errorf("%w, or it is over the artifact's %s: give the artifact itself", errSignature, lacking)
	}
	return 0, errSignature
}

func verifyPrehashed(k ed25519.PublicKey, digest, sig []byte) error {
	if digest == nil {
		return errors.New("the key is Ed25519 and signs the artifact's SHA-512: give the artifact itself")
	}
	if err := ed25519.VerifyWithOptions(k, digest, sig, &ed25519.Options{Hash: crypto.SHA512}); err != nil {
		return fmt.Errorf("%w as Ed25519ph, the one form of Ed25519 in which an artifact's signature is verified", errSignature)
	}
	return nil
}
