package tlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ErrKey says that a verifier key is malformed, contradicts itself, or is of a
// kind that is not supported.
var ErrKey = errors.New("not a usable verifier key")

// The signature types that are supported. C2SP signed-note, "Signature types".
const (
	typeEd25519     = 0x01
	typeECDSA       = 0x02
	typeCosignature = 0x04
)

// VerifierKey is a public key under the name by which notes call it. It never
// changes once made. C2SP signed-note, "Signatures" and "Verifier keys".
type VerifierKey struct {
	name    string
	id      uint32
	logID   Hash // of which id is the first four bytes
	kind    byte
	encoded []byte // as the vkey holds it: 32 bytes of Ed25519, or the DER of a SubjectPublicKeyInfo
	public  crypto.PublicKey
}

var _ note.Verifier = (*VerifierKey)(nil)

// ParseVerifierKey reads a vkey: name, "+", the key ID as 8 lowercase hex digits,
// "+", canonical base64 of a type byte and the key; nothing before or after it,
// not even a newline. Types are 0x01 and 0x04 (32 bytes of Ed25519) and 0x02
// (ECDSA on P-256, P-384 or P-521 as a SubjectPublicKeyInfo in DER). Any other
// type, and a key ID that is not the key's, is an error that wraps ErrKey.
// C2SP signed-note, "Verifier keys"; tlog-cosignature, "Format".
func ParseVerifierKey(vkey string) (*VerifierKey, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	_, b64, found := strings.Cut(rest, "+")
	raw, canonical := decodeBase64(b64)
	if !found || !canonical || len(raw) == 0 {
		return nil, fmt.Errorf("%w: not name+ID+base64", ErrKey)
	}
	key, err := newKey(name, raw[0], raw[1:])
	if err != nil {
		return nil, err
	}
	if key.String() != vkey {
		return nil, fmt.Errorf("%w: the ID of %s is %08x", ErrKey, name, key.id)
	}
	return key, nil
}

// NewVerifierKey names a public key that signs notes, as type 0x01 for an
// ed25519.PublicKey of 32 bytes and 0x02 for an *ecdsa.PublicKey on P-256, P-384 or
// P-521. A name with a space or a plus, and any other key, is an error that wraps
// ErrKey. C2SP signed-note, "Signature types".
func NewVerifierKey(name string, pub crypto.PublicKey) (*VerifierKey, error) {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return newKey(name, typeEd25519, bytes.Clone(pub))
	case *ecdsa.PublicKey:
		if pub == nil {
			break
		}
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrKey, name, err)
		}
		return newKey(name, typeECDSA, der)
	}
	return nil, fmt.Errorf("%w: %s: no note is signed with a %T", ErrKey, name, pub)
}

func newKey(name string, kind byte, encoded []byte) (*VerifierKey, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%w: %q cannot be a key's name", ErrKey, name)
	}
	public, err := parsePublicKey(kind, encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrKey, name, err)
	}
	id := keyID(name, kind, encoded)
	return &VerifierKey{
		name: name, id: binary.BigEndian.Uint32(id[:]), logID: id, kind: kind, encoded: encoded, public: public,
	}, nil
}

func parsePublicKey(kind byte, encoded []byte) (crypto.PublicKey, error) {
	switch kind {
	case typeEd25519, typeCosignature:
		if len(encoded) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("an Ed25519 key of %d bytes", len(encoded))
		}
		return ed25519.PublicKey(encoded), nil
	case typeECDSA:
		return parseECDSA(encoded)
	}
	return nil, fmt.Errorf("signature type 0x%02x is not supported (0x01, 0x02, 0x04 are)", kind)
}

func parseECDSA(der []byte) (*ecdsa.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok || key.Curve == elliptic.P224() {
		return nil, errors.New("not an ECDSA key on P-256, P-384 or P-521")
	}
	// The key ID is a hash of the DER: another encoding of one key would be
	// another key to a note, and a second voice in a count of keys.
	if canonical, err := x509.MarshalPKIXPublicKey(key); err != nil || !bytes.Equal(canonical, der) {
		return nil, errors.New("its DER is not canonical")
	}
	return key, nil
}

// keyID gives the hash of which the first four bytes stand before each signature.
// Rekor's ECDSA keys leave name and type out of it. C2SP signed-note, "Signatures"
// and "Signature types".
func keyID(name string, kind byte, encoded []byte) Hash {
	hashed := encoded
	if kind != typeECDSA {
		hashed = append(append([]byte(name), '\n', kind), encoded...)
	}
	return sha256.Sum256(hashed)
}

// Name gives the name under which the key signs: not empty, no space, no plus.
func (k *VerifierKey) Name() string { return k.name }

// KeyHash gives the key ID: the 4 bytes before each signature, big-endian.
func (k *VerifierKey) KeyHash() uint32 { return k.id }

// LogID gives the whole hash of which the key ID is the first four bytes: what a
// Sigstore trusted root calls the log's logId.keyId.
func (k *VerifierKey) LogID() Hash { return k.logID }

// PublicKey gives an ed25519.PublicKey or an *ecdsa.PublicKey, which the caller
// must not change.
func (k *VerifierKey) PublicKey() crypto.PublicKey { return k.public }

// Cosigns reports whether the key makes cosignatures (type 0x04): it speaks for a
// witness that saw a checkpoint, never for the log.
func (k *VerifierKey) Cosigns() bool { return k.kind == typeCosignature }

// String gives the vkey, which ParseVerifierKey reads back.
func (k *VerifierKey) String() string {
	material := append([]byte{k.kind}, k.encoded...)
	return fmt.Sprintf("%s+%08x+%s", k.name, k.id, base64.StdEncoding.EncodeToString(material))
}

// Verify reports whether sig, without its key ID, is the key's signature over a
// note's text: 64 bytes of Ed25519; an ASN.1 ECDSA signature over the text's
// SHA-256, whatever the curve; or 72 bytes of a cosignature, for which the text must
// be a checkpoint's. C2SP signed-note, "Signature types"; tlog-cosignature.
func (k *VerifierKey) Verify(text, sig []byte) bool {
	switch k.kind {
	case typeEd25519:
		return ed25519.Verify(k.encoded, text, sig)
	case typeECDSA:
		digest := sha256.Sum256(text)
		return ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), digest[:], sig)
	case typeCosignature:
		return verifyCosignature(k.encoded, text, sig)
	}
	return false
}

// same reports whether two keys are one: the same name, type and public key.
func (k *VerifierKey) same(other *VerifierKey) bool {
	return k.name == other.name && k.kind == other.kind && bytes.Equal(k.encoded, other.encoded)
}
