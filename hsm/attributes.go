package hsm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// An Algorithm is what kind of key it is.
type Algorithm string

// The algorithms. A key of any other in the token has "".
const (
	ECDSAP256 Algorithm = "ecdsa-p256"
	ECDSAP384 Algorithm = "ecdsa-p384"
	Ed25519   Algorithm = "ed25519"
	RSA3072   Algorithm = "rsa-3072" // signs by PSS alone
	RSA4096   Algorithm = "rsa-4096"
	AES256    Algorithm = "aes-256" // wraps, and does not sign
)

// Custody says whether a key can ever leave its token.
type Custody bool

// Confined is of a key that never leaves: CKA_EXTRACTABLE is false. Escrowable is of one that leaves wrapped, for a
// backup that custodians hold: CKA_EXTRACTABLE is true, CKA_SENSITIVE too.
const (
	Confined   Custody = false
	Escrowable Custody = true
)

// A Reference means a key: all that is set must match, and exactly one key of the token. The zero Reference means none.
type Reference struct {
	Label  string // CKA_LABEL
	ID     []byte // CKA_ID
	Public []byte // SubjectPublicKeyInfo, DER
}

func (r Reference) String() string {
	switch {
	case r.Label != "" && len(r.ID) > 0:
		return fmt.Sprintf("key %q (ID %x)", r.Label, r.ID)
	case r.Label != "":
		return fmt.Sprintf("key %q", r.Label)
	}
	return fmt.Sprintf("key of ID %x", r.ID)
}

// Attributes are a key's as the token has them, read back and not assumed (PKCS#11 2.40 §4.4, §4.9).
type Attributes struct {
	Label     string
	ID        []byte
	Public    []byte    // SubjectPublicKeyInfo, DER; nil for a wrapping key, and where the token holds no public key
	Algorithm Algorithm // "" for a key that this package does not use

	Private          bool
	Sensitive        bool
	AlwaysSensitive  bool
	Extractable      bool
	NeverExtractable bool
	Local            bool
	Sign             bool
	Decrypt          bool
	Wrap             bool
	Unwrap           bool
	Derive           bool

	// Doubts are what the module should say of the key and does not, a line each: CKA_LOCAL of NSS, say.
	Doubts []string
}

// Reference means this key and no other.
func (a Attributes) Reference() Reference { return Reference{a.Label, a.ID, a.Public} }

// AlgorithmOf returns the algorithm of a public key: "" for one that this package does not use.
func AlgorithmOf(public crypto.PublicKey) Algorithm {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return ECDSAP256
		case elliptic.P384():
			return ECDSAP384
		}
	case ed25519.PublicKey:
		return Ed25519
	case *rsa.PublicKey:
		switch k.N.BitLen() {
		case 3072:
			return RSA3072
		case 4096:
			return RSA4096
		}
	}
	return ""
}

// ParsePublic reads a SubjectPublicKeyInfo, DER, of a key that this package uses, else ErrInvalid.
func ParsePublic(spki []byte) (crypto.PublicKey, error) {
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: public key: %w", ErrInvalid, err)
	}
	if AlgorithmOf(public) == "" {
		return nil, fmt.Errorf("%w: public key: %T of no algorithm that is used here", ErrInvalid, public)
	}
	return public, nil
}
