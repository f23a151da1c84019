package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"

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

// verifyMessage checks a signature over a message: ECDSA, RSA PKCS #1 v1.5, or
// plain Ed25519.
func verifyMessage(pub crypto.PublicKey, message, sig []byte) error {
	for _, hash := range hashesOf(pub) {
		verifier, err := signature.LoadVerifier(pub, hash)
		if err != nil {
			return err
		}
		if verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message)) == nil {
			return nil
		}
	}
	return errSignature
}

// verifyDigest checks a signature over an artifact known by its digests.
// Ed25519 signs digests as Ed25519ph, with SHA-512.
func verifyDigest(pub crypto.PublicKey, digests Digests, sig []byte) error {
	if k, ok := pub.(ed25519.PublicKey); ok {
		return verifyPrehashed(k, digests[crypto.SHA512], sig)
	}
	var lacking crypto.Hash
	for _, hash := range hashesOf(pub) {
		digest, have := digests[hash]
		if !have {
			lacking = hash
			continue
		}
		verifier, err := signature.LoadVerifier(pub, hash)
		if err != nil {
			return err
		}
		if verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(nil), options.WithDigest(digest)) == nil {
			return nil
		}
	}
	if lacking != 0 {
		return fmt.Errorf("%w, or it is over the artifact's %s: give the artifact itself", errSignature, lacking)
	}
	return errSignature
}

func verifyPrehashed(k ed25519.PublicKey, digest, sig []byte) error {
	if digest == nil {
		return errors.New("the key is Ed25519 and signs the artifact's SHA-512: give the artifact itself")
	}
	if err := ed25519.VerifyWithOptions(k, digest, sig, &ed25519.Options{Hash: crypto.SHA512}); err != nil {
		return errSignature
	}
	return nil
}
