package tlog

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// signer signs notes as x/mod's note.Sign wants it, beside the key that verifies
// them. Key IDs are computed here a second time, from the specification.
type signer struct {
	*VerifierKey
	sign func(text []byte) []byte
}

func (s signer) Sign(text []byte) ([]byte, error) { return s.sign(text), nil }

func seeded(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed))
}

// vkeyOf writes a vkey by hand, with the key ID over what is given.
func vkeyOf(name string, material, hashed []byte) string {
	id := sha256.Sum256(hashed)
	return fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(material))
}

func ed25519Vkey(name string, kind byte, public []byte) string {
	material := append([]byte{kind}, public...)
	return vkeyOf(name, material, append([]byte(name+"\n"), material...))
}

func mustKey(t testing.TB, vkey string) *VerifierKey {
	t.Helper()
	key, err := ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func logSigner(t testing.TB, name string, seed byte) signer {
	t.Helper()
	private := seeded(seed)
	key := mustKey(t, ed25519Vkey(name, 0x01, private.Public().(ed25519.PublicKey)))
	return signer{key, func(text []byte) []byte { return ed25519.Sign(private, text) }}
}

func ecdsaSigner(t testing.TB, name string, curve elliptic.Curve) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewVerifierKey(name, &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, func(text []byte) []byte {
		digest := sha256.Sum256(text)
		sig, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}}
}

func witness(t testing.TB, name string, seed byte, seconds uint64) signer {
	t.Helper()
	private := seeded(seed)
	key := mustKey(t, ed25519Vkey(name, 0x04, private.Public().(ed25519.PublicKey)))
	return signer{key, func(text []byte) []byte {
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
		return append(binary.BigEndian.AppendUint64(nil, seconds), ed25519.Sign(private, []byte(message))...)
	}}
}

func signed(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// line gives a signature line of its own, to be put into a note by hand.
func line(t testing.TB, text string, s signer) string {
	t.Helper()
	sig := append(binary.BigEndian.AppendUint32(nil, s.KeyHash()), s.sign([]byte(text))...)
	return "— " + s.Name() + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

func keysOf(signers ...signer) []*VerifierKey {
	var keys []*VerifierKey
	for _, s := range signers {
		keys = append(keys, s.VerifierKey)
	}
	return keys
}
