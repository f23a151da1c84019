package tlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	rekor "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"golang.org/x/mod/sumdb/note"
)

func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// What is signed here x/mod opens, and Rekor gives the key the same IDs.
func TestSignNote(t *testing.T) {
	for name, private := range map[string]crypto.Signer{"ed25519": seeded(1), "p256": p256(t)} {
		s, err := NewNoteSigner("log.example", private)
		if err != nil {
			t.Fatal(name, err)
		}
		msg, err := s.SignCheckpoint(Checkpoint{Origin: "log.example", Size: 1, Root: LeafHash(nil)})
		if err != nil {
			t.Fatal(name, err)
		}
		if c, err := OpenCheckpoint(msg, "log.example", []*VerifierKey{s.VerifierKey()}, Quorum{}); err != nil || c.Size != 1 {
			t.Error(name, c, err)
		}
		if _, err := note.Open(msg, note.VerifierList(s.VerifierKey())); err != nil {
			t.Error(name, err)
		}
		short, long, err := rekor.KeyHash("log.example", private.Public())
		id := s.VerifierKey().LogID()
		if err != nil || short != s.VerifierKey().KeyHash() || !bytes.Equal(long, id[:]) || binary.BigEndian.Uint32(id[:]) != short {
			t.Errorf("%s: ID %x, Rekor's is %x, %v", name, id, long, err)
		}
	}
}

// broken is a key whose token answers wrongly.
type broken struct {
	crypto.Signer
	answer func([]byte) ([]byte, error)
}

func (b broken) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return b.answer(digest)
}

var errToken = errors.New("the token is gone")

func TestSignRefuses(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		name    string
		private crypto.Signer
	}{
		"P-384": {"log", p384}, "RSA": {"log", rsaKey}, "a space": {"a log", seeded(1)}, "a plus": {"a+log", seeded(1)}, "no name": {"", seeded(1)},
	} {
		if _, err := NewNoteSigner(c.name, c.private); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		answer func([]byte) ([]byte, error)
		want   error
	}{
		"a token that fails":              {func([]byte) ([]byte, error) { return nil, errToken }, errToken},
		"a token that answers nothing":    {func([]byte) ([]byte, error) { return nil, nil }, ErrNote},
		"a signature over other bytes":    {func([]byte) ([]byte, error) { return ed25519.Sign(seeded(1), []byte("x")), nil }, ErrSignature},
		"a signature by another key":      {func(b []byte) ([]byte, error) { return ed25519.Sign(seeded(2), b), nil }, ErrSignature},
		"a signature that is cut short":   {func(b []byte) ([]byte, error) { return ed25519.Sign(seeded(1), b)[:63], nil }, ErrSignature},
		"a signature with bytes after it": {func(b []byte) ([]byte, error) { return append(ed25519.Sign(seeded(1), b), 0), nil }, ErrSignature},
	} {
		s, err := NewNoteSigner("log", broken{seeded(1), c.answer})
		if err != nil {
			t.Fatal(err)
		}
		if msg, err := s.SignNote([]byte("text\n")); !errors.Is(err, c.want) || msg != nil {
			t.Errorf("%s: %q, %v", name, msg, err)
		}
	}
}

func TestSignRefusesTexts(t *testing.T) {
	s, err := NewNoteSigner("log", seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "text", "te\x00xt\n", "te\rxt\n", "\xff\n", strings.Repeat("x", maxText) + "\n"} {
		if _, err := s.SignNote([]byte(text)); !errors.Is(err, ErrNote) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	for name, c := range map[string]Checkpoint{
		"no origin":            {Size: 1},
		"two lines of origin":  {Origin: "a\nb", Size: 1},
		"an origin that ends":  {Origin: "a\n", Size: 1},
		"a root of no leaves":  {Origin: "a"},
		"an empty extension":   {Origin: "a", Size: 1, Extensions: []string{""}},
		"a split extension":    {Origin: "a", Size: 1, Extensions: []string{"b\nc"}},
		"an origin of control": {Origin: "a\tb", Size: 1},
	} {
		if msg, err := s.SignCheckpoint(c); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %q, %v", name, msg, err)
		}
	}
}
