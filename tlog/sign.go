package tlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// NoteSigner signs notes with a key that it does not hold, such as one in an HSM.
// It may be used concurrently where its key may.
type NoteSigner struct {
	key     *VerifierKey
	private crypto.Signer
}

// NewNoteSigner names a key that signs notes: Ed25519, or ECDSA on P-256 as Rekor
// signs. Any other key, and a name with a space or a plus, is an error that wraps
// ErrKey. C2SP signed-note, "Signature types".
func NewNoteSigner(name string, private crypto.Signer) (*NoteSigner, error) {
	public := private.Public()
	if k, ok := public.(*ecdsa.PublicKey); ok && k.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: %s: curve %s; notes are signed on P-256 or with Ed25519", ErrKey, name, k.Params().Name)
	}
	key, err := NewVerifierKey(name, public)
	if err != nil {
		return nil, err
	}
	return &NoteSigner{key: key, private: private}, nil
}

// VerifierKey gives the key that verifies what s signs.
func (s *NoteSigner) VerifierKey() *VerifierKey { return s.key }

// SignNote gives the signed note of a text, which ends in "\n". The signature is
// verified before it is given: a token that fails may return one that does not hold.
// A text that cannot be a note's wraps ErrNote, a signature that does not hold
// ErrSignature; errors of the key are wrapped. C2SP signed-note, "Format".
func (s *NoteSigner) SignNote(text []byte) ([]byte, error) {
	if !bytes.HasSuffix(text, []byte("\n")) || !validText(text) {
		return nil, fmt.Errorf("%w: its text does not end a line, is not UTF-8, or has a control character", ErrNote)
	}
	sig, err := s.sign(text)
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.key.name, err)
	}
	raw := append(binary.BigEndian.AppendUint32(nil, s.key.id), sig...)
	note := fmt.Appendf(nil, "%s\n— %s %s\n", text, s.key.name, base64.StdEncoding.EncodeToString(raw))
	opened, err := OpenNote(note, s.key)
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.key.name, err)
	}
	if !bytes.Equal(opened.Text, text) {
		return nil, fmt.Errorf("%w: it would be read as another text", ErrNote)
	}
	return note, nil
}

func (s *NoteSigner) sign(text []byte) ([]byte, error) {
	if _, ok := s.key.public.(ed25519.PublicKey); ok {
		return s.private.Sign(rand.Reader, text, crypto.Hash(0))
	}
	digest := sha256.Sum256(text)
	return s.private.Sign(rand.Reader, digest[:], crypto.SHA256)
}

// SignCheckpoint gives the signed note of a checkpoint, which must read back as
// itself, else it wraps ErrCheckpoint; its other errors are SignNote's. C2SP
// tlog-checkpoint.
func (s *NoteSigner) SignCheckpoint(c Checkpoint) ([]byte, error) {
	text := c.Marshal()
	read, err := ParseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	if read.Origin != c.Origin || read.Size != c.Size || read.Root != c.Root || len(read.Extensions) != len(c.Extensions) {
		return nil, fmt.Errorf("%w: it would be read as another", ErrCheckpoint)
	}
	return s.SignNote(text)
}
