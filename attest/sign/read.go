package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"stellad/attest"
)

// Read reads what MarshalDSSE wrote for a signature by public, and nothing else: the
// signature must hold, and the statement be one that NewStatement makes. Errors wrap
// ErrSignature, ErrStatement or ErrKey.
func Read(envelope []byte, public crypto.PublicKey) (*Envelope, error) {
	e, err := read(envelope, public)
	if err != nil {
		return nil, fmt.Errorf("read an envelope: %w", err)
	}
	return e, nil
}

func read(envelope []byte, public crypto.PublicKey) (*Envelope, error) {
	if err := CheckKey(public); err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var w struct {
		Payload    []byte `json:"payload"`
		Signatures []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(envelope, &w); err != nil || len(w.Signatures) != 1 {
		return nil, fmt.Errorf("%w: not an envelope with one signature", ErrStatement)
	}
	s, err := ReadStatement(w.Payload)
	if err != nil {
		return nil, err
	}
	e := &Envelope{statement: s, signature: w.Signatures[0].Sig, spki: spki}
	if again, err := e.MarshalDSSE(); err != nil || !bytes.Equal(again, envelope) {
		return nil, fmt.Errorf("%w: the envelope is not in its one form", ErrStatement)
	}
	digest := sha256.Sum256(e.PAE())
	if !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], e.signature) {
		return nil, ErrSignature
	}
	return e, nil
}

// ReadStatement reads a statement that NewStatement made, and nothing else. Errors wrap
// ErrStatement.
func ReadStatement(payload []byte) (*Statement, error) {
	var w struct {
		Subject       []attest.Subject `json:"subject"`
		PredicateType string           `json:"predicateType"`
		Predicate     jsontext.Value   `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	s, err := NewStatement(w.Subject, Predicate{w.PredicateType, w.Predicate})
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(s.text, payload) {
		return nil, fmt.Errorf("%w: it is not in its one form", ErrStatement)
	}
	return s, nil
}
