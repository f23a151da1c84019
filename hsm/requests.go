package hsm

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Template says what key is to be made.
type Template struct {
	Label     string // 1 to MaxLabel bytes of printable UTF-8; no other key of the token has it
	Algorithm Algorithm
	Custody   Custody
}

// A Mechanism of wrapping, by its PKCS#11 name.
type Mechanism string

// The mechanisms that wrap: RFC 3394, and RFC 5649 for what is no multiple of 8 bytes long. A private key is of either
// kind (PKCS#8): take KeyWrapPad where the module has it.
const (
	KeyWrap    Mechanism = "CKM_AES_KEY_WRAP"
	KeyWrapPad Mechanism = "CKM_AES_KEY_WRAP_PAD"
)

// A Signing asks for one signature.
type Signing struct {
	Key   Reference   // with its public key
	Input []byte      // a digest; for Ed25519 the message, at most MaxObject bytes
	Hash  crypto.Hash // that the digest is of: SHA-256, SHA-384 or SHA-512; 0 for Ed25519
}

// An Unwrapping says what key a wrapped one becomes. It has to be the one of the public key.
type Unwrapping struct {
	With      Reference // the wrapping key
	Wrapped   []byte
	Mechanism Mechanism
	Label     string
	ID        []byte
	Public    []byte // SubjectPublicKeyInfo, DER
	Custody   Custody
}

var pairs = []Algorithm{ECDSAP256, ECDSAP384, Ed25519, RSA3072, RSA4096}

// Check returns ErrInvalid for what no token could do.
func (t Template) Check() error {
	if err := CheckLabel(t.Label); err != nil {
		return err
	}
	if !slices.Contains(pairs, t.Algorithm) {
		return fmt.Errorf("%w: algorithm %q is none of %q", ErrInvalid, t.Algorithm, pairs)
	}
	return nil
}

// CheckLabel returns ErrInvalid for what is no label.
func CheckLabel(label string) error {
	switch {
	case label == "", len(label) > MaxLabel:
		return fmt.Errorf("%w: a label of %d bytes; 1 to %d are possible", ErrInvalid, len(label), MaxLabel)
	case !utf8.ValidString(label), strings.ContainsFunc(label, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: the label %q has what can't be printed", ErrInvalid, label)
	}
	return nil
}

// Check returns ErrInvalid for a reference that means nothing, or what no key has.
func (r Reference) Check() error {
	switch {
	case r.Label == "" && len(r.ID) == 0:
		return fmt.Errorf("%w: a key is meant by its label, its ID, or both", ErrInvalid)
	case len(r.Label) > MaxLabel, len(r.ID) > MaxLabel:
		return fmt.Errorf("%w: a label or an ID of more than %d bytes", ErrInvalid, MaxLabel)
	case !utf8.ValidString(r.Label):
		return fmt.Errorf("%w: the label %q is not UTF-8", ErrInvalid, r.Label)
	}
	return nil
}

// Check returns the public key that the signature is to be verified with, or ErrInvalid where the input is none for it.
func (s Signing) Check() (crypto.PublicKey, error) {
	if err := s.Key.Check(); err != nil {
		return nil, err
	}
	public, err := ParsePublic(s.Key.Public)
	if err != nil {
		return nil, err
	}
	return public, CheckInput(public, s.Input, s.Hash)
}

// CheckInput returns ErrInvalid where a key of this public key can't sign the input.
func CheckInput(public crypto.PublicKey, input []byte, hash crypto.Hash) error {
	if AlgorithmOf(public) == Ed25519 {
		if hash != 0 || len(input) > MaxObject {
			return fmt.Errorf("%w: Ed25519 signs a message of at most %d bytes, and no digest", ErrInvalid, MaxObject)
		}
		return nil
	}
	switch hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
	default:
		return fmt.Errorf("%w: a digest is of SHA-256, SHA-384 or SHA-512", ErrInvalid)
	}
	if len(input) != hash.Size() {
		return fmt.Errorf("%w: %d bytes are no digest of %v", ErrInvalid, len(input), hash)
	}
	return nil
}

// Check returns ErrInvalid for what no token could do.
func (u Unwrapping) Check() error {
	if err := u.With.Check(); err != nil {
		return err
	}
	if err := CheckLabel(u.Label); err != nil {
		return err
	}
	if len(u.ID) == 0 || len(u.ID) > MaxLabel {
		return fmt.Errorf("%w: an ID of %d bytes; 1 to %d are possible", ErrInvalid, len(u.ID), MaxLabel)
	}
	if len(u.Wrapped) < 24 || len(u.Wrapped)%8 != 0 {
		return fmt.Errorf("%w: %d bytes are no wrapped key", ErrInvalid, len(u.Wrapped))
	}
	if err := u.Mechanism.Check(); err != nil {
		return err
	}
	_, err := ParsePublic(u.Public)
	return err
}

// Check returns ErrInvalid for what is no mechanism that wraps.
func (m Mechanism) Check() error {
	if m != KeyWrap && m != KeyWrapPad {
		return fmt.Errorf("%w: %q is neither %s nor %s", ErrInvalid, m, KeyWrap, KeyWrapPad)
	}
	return nil
}
