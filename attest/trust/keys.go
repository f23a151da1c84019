package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Key is a public key that signs attestations.
type Key struct {
	Name   string // the file it came from
	ID     string // the SHA-256 of its SubjectPublicKeyInfo, in hex
	Public crypto.PublicKey
}

// ParseKeys reads the public keys of a PEM file, PKIX SubjectPublicKeyInfo or
// PKCS #1. ECDSA on P-256, P-384 and P-521, Ed25519, and RSA of 2048 bits and
// more are accepted. Errors name the file.
func ParseKeys(name string, text []byte) ([]*Key, error) {
	keys, err := parseKeys(File{Name: name, Bytes: text})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

func parseKeys(f File) ([]*Key, error) {
	var keys []*Key
	for block, rest := pem.Decode(f.Bytes); block != nil; block, rest = pem.Decode(rest) {
		pub, err := parsePublic(block)
		if err == nil {
			err = usable(pub)
		}
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", len(keys)+1, err)
		}
		key, err := newKey(f.Name, pub)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", len(keys)+1, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("no PEM public key in it")
	}
	return keys, nil
}

func parsePublic(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	return nil, fmt.Errorf("PEM type %q is not a public key", block.Type)
}

func usable(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P224() {
			return errors.New("curve P-224 is too weak; use P-256 or stronger")
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("RSA of %d bits is too weak; use 2048 or more", k.N.BitLen())
		}
	default:
		return fmt.Errorf("%T is no kind of key that signs attestations", pub)
	}
	return nil
}

func newKey(name string, pub crypto.PublicKey) (*Key, error) {
	id, err := KeyID(pub)
	return &Key{Name: name, ID: id, Public: pub}, err
}

// KeyID gives a key's ID: the SHA-256 of its SubjectPublicKeyInfo, in hex.
func KeyID(pub crypto.PublicKey) (string, error) {
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:]), nil
}
