package tsa

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// request is RFC 3161 §2.4.1's TimeStampReq.
type request struct {
	Version    int
	Imprint    imprint
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      *big.Int              `asn1:"optional"`
	CertReq    bool                  `asn1:"optional"`
	Extensions []pkix.Extension      `asn1:"optional,tag:0"`
}

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// parseRequest reads a request and refuses what this authority does not stamp.
func parseRequest(der []byte) (*request, error) {
	if len(der) > maxRequest {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrFormat, len(der), maxRequest)
	}
	var r request
	if _, err := asn1.Unmarshal(der, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	// The reader passes over what follows a sequence and inside it. DER has one form.
	if again, err := asn1.Marshal(r); err != nil || !bytes.Equal(again, der) {
		return nil, fmt.Errorf("%w: it is not DER to the last byte", ErrFormat)
	}
	return &r, r.check()
}

func (r *request) check() error {
	if r.Version != 1 {
		return fmt.Errorf("%w: %d", ErrRequest, r.Version)
	}
	size := 0
	switch a := r.Imprint.Algorithm; {
	case a.Algorithm.Equal(oidSHA256):
		size = 32
	case a.Algorithm.Equal(oidSHA384):
		size = 48
	case a.Algorithm.Equal(oidSHA512):
		size = 64
	default:
		return fmt.Errorf("%w: %s", ErrAlgorithm, a.Algorithm)
	}
	if p := r.Imprint.Algorithm.Parameters.FullBytes; len(p) > 0 && !bytes.Equal(p, asn1.NullBytes) {
		return fmt.Errorf("%w: its hash has parameters", ErrAlgorithm)
	}
	if len(r.Imprint.Digest) != size {
		return fmt.Errorf("%w: an imprint of %d bytes, not %d", ErrFormat, len(r.Imprint.Digest), size)
	}
	if len(r.Policy) > 0 && !r.Policy.Equal(Policy) {
		return fmt.Errorf("%w: %s", ErrPolicy, r.Policy)
	}
	if len(r.Extensions) > 0 {
		return fmt.Errorf("%w: %s", ErrExtension, r.Extensions[0].Id)
	}
	return nil
}

// newRequest asks for a token over a SHA-256, with the certificate in it.
func newRequest(digest []byte) *request {
	return &request{Version: 1, Imprint: imprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, digest}, CertReq: true}
}
