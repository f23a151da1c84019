package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Envelope is a statement that was signed. It is immutable.
type Envelope struct {
	statement *Statement
	signature []byte // ASN.1 DER, over the PAE's SHA-256
	spki      []byte // of the key that made it
}

// CheckKey refuses a key by which a logged attestation could not be verified
// everywhere: any but ECDSA on P-256. Errors wrap ErrKey and say why.
func CheckKey(public crypto.PublicKey) error {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return nil
		}
		return fmt.Errorf("%w: ECDSA on %s: cosign does not verify what it signed with its log entry; use P-256", ErrKey, k.Params().Name)
	case ed25519.PublicKey:
		return fmt.Errorf("%w: Ed25519 signs no digest, and a log of Rekor v2 holds digests; use ECDSA on P-256", ErrKey)
	}
	return fmt.Errorf("%w: %T; use ECDSA on P-256", ErrKey, public)
}

// Sign signs a statement as DSSE v1 has it: ECDSA over the SHA-256 of the PAE. The
// signature is verified before anything else is made of it, since what a log was
// once told of can't be taken back. A key that CheckKey refuses wraps ErrKey, what
// is not its signature ErrSignature; errors of the key are wrapped.
func Sign(key crypto.Signer, s *Statement) (*Envelope, error) {
	if err := CheckKey(key.Public()); err != nil {
		return nil, fmt.Errorf("sign a statement: %w", err)
	}
	public := key.Public().(*ecdsa.PublicKey)
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("sign a statement: %w: %w", ErrKey, err)
	}
	digest := sha256.Sum256(dsse.PAE(payloadType, s.text))
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign a statement: %w", err)
	}
	if !ecdsa.VerifyASN1(public, digest[:], sig) {
		return nil, fmt.Errorf("sign a statement: %w", ErrSignature)
	}
	return &Envelope{statement: s, signature: sig, spki: spki}, nil
}

// PAE gives what the signature is over. DSSE v1, "Signature Definition".
func (e *Envelope) PAE() []byte { return dsse.PAE(payloadType, e.statement.text) }

// Signature gives the signature, ASN.1 DER of at most 72 bytes: what a
// timestamping authority is to stamp. The caller must not change it.
func (e *Envelope) Signature() []byte { return e.signature }

// KeyID gives the SHA-256 of the key's SubjectPublicKeyInfo, in hex, as
// trust.Key has it.
func (e *Envelope) KeyID() string {
	sum := sha256.Sum256(e.spki)
	return hex.EncodeToString(sum[:])
}

// Entry gives the log entry: hashedrekord 0.0.2 as canonical JSON (RFC 8785),
// below 700 bytes. It is what a verifier makes of envelope and key by itself, so
// the same envelope always gives the same bytes. Rekor v2, hashedrekord.proto.
func (e *Envelope) Entry() []byte {
	digest := sha256.Sum256(e.PAE())
	return fmt.Appendf(nil, `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{`+
		`"data":{"algorithm":"SHA2_256","digest":"%s"},`+
		`"signature":{"content":"%s","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"%s"}}}}}}`,
		base64.StdEncoding.EncodeToString(digest[:]), base64.StdEncoding.EncodeToString(e.signature), base64.StdEncoding.EncodeToString(e.spki))
}

// MarshalDSSE gives the envelope by itself as DSSE's JSON: without a log entry or a
// time, for tools that know nothing else. DSSE v1, "Envelope".
func (e *Envelope) MarshalDSSE() ([]byte, error) {
	type signature struct {
		Sig []byte `json:"sig"`
	}
	return json.Marshal(struct {
		PayloadType string      `json:"payloadType"`
		Payload     []byte      `json:"payload"`
		Signatures  []signature `json:"signatures"`
	}{payloadType, e.statement.text, []signature{{e.signature}}})
}
