package tsa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"stellad/attest/rfc3161"
)

// Authority answers timestamp requests. It may be used concurrently where its key
// may.
type Authority struct {
	key   crypto.Signer
	leaf  *x509.Certificate
	check *rfc3161.Authority
}

// NewAuthority makes an authority of its key, the key's certificate and the root
// above it, as NewLeaf and NewRoot make them. Errors wrap ErrAuthority.
func NewAuthority(key crypto.Signer, leaf, root *x509.Certificate) (*Authority, error) {
	public, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || checkKey(public) != nil || !public.Equal(key.Public()) {
		return nil, fmt.Errorf("%w: its certificate is not for its key, ECDSA on P-256", ErrAuthority)
	}
	if leaf.Equal(root) {
		return nil, fmt.Errorf("%w: its root signs its tokens", ErrAuthority)
	}
	check, err := rfc3161.NewAuthority(leaf.Subject.CommonName, []*x509.Certificate{root}, []*x509.Certificate{leaf})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	return &Authority{key: key, leaf: leaf, check: check}, nil
}

// Certificate gives the certificate that signs tokens.
func (a *Authority) Certificate() *x509.Certificate { return a.leaf }

// Answer answers a TimeStampReq with a TimeStampResp, both DER: a token of the time
// at, or a rejection. There always is an answer to send; where it is a rejection,
// err says why, and wraps one of the errors of this package or the key's.
//
// A token's time has whole seconds, so that its accuracy is the caller's, rounded
// up to a second, and one second more. Its serial is random, of 159 bits. It holds
// the certificate where the request asks for it (certReq). Before a token is given
// it is verified. RFC 3161 §2.4.
func (a *Authority) Answer(request []byte, at time.Time, accuracy time.Duration) (response []byte, err error) {
	r, err := parseRequest(request)
	if err != nil {
		return reject(err)
	}
	return a.grant(r, at, accuracy)
}

// Imprint gives what a request wants stamped, or why Answer will reject it: for whoever
// writes that down before there is a token. RFC 3161 §2.4.1.
func Imprint(request []byte) (hash crypto.Hash, digest []byte, err error) {
	r, err := parseRequest(request)
	if err != nil {
		return 0, nil, err
	}
	return hashOf(r), r.Imprint.Digest, nil
}

// Stamp is Answer for whoever has a message and no request: a token over its
// SHA-256, with the certificate and without a nonce.
func (a *Authority) Stamp(message []byte, at time.Time, accuracy time.Duration) (response []byte, err error) {
	digest := sha256.Sum256(message)
	return a.grant(newRequest(digest[:]), at, accuracy)
}

func (a *Authority) grant(r *request, at time.Time, accuracy time.Duration) ([]byte, error) {
	at = at.UTC().Truncate(time.Second)
	if at.Before(a.leaf.NotBefore) || at.After(a.leaf.NotAfter) || accuracy < 0 || accuracy > 24*time.Hour {
		return reject(fmt.Errorf("%w: it is %s ± %s, and its certificate is valid from %s to %s", ErrAuthority, at.Format(time.RFC3339), accuracy,
			a.leaf.NotBefore.Format(time.RFC3339), a.leaf.NotAfter.Format(time.RFC3339)))
	}
	token, err := a.token(r, at, accuracy)
	if err != nil {
		return reject(fmt.Errorf("%w: %w", ErrAuthority, err))
	}
	response, err := asn1.Marshal(granted{Token: asn1.RawValue{FullBytes: token}})
	if err != nil {
		return reject(fmt.Errorf("%w: %w", ErrAuthority, err))
	}
	if _, err := a.check.VerifyDigest(response, hashOf(r), r.Imprint.Digest); err != nil {
		return reject(fmt.Errorf("%w: its token would not verify: %s", ErrAuthority, err.Error()))
	}
	return response, nil
}

func hashOf(r *request) crypto.Hash {
	return map[int]crypto.Hash{32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}[len(r.Imprint.Digest)]
}

// granted is a TimeStampResp of status 0 with a token.
type granted struct {
	Status struct{ Status int }
	Token  asn1.RawValue
}

// rejected is one of status 2 without.
type rejected struct {
	Status struct {
		Status  int
		Failure asn1.BitString
	}
}

// reject gives the answer that says why there is no token.
func reject(why error) ([]byte, error) {
	bit := failureInfo[ErrAuthority]
	for sentinel, n := range failureInfo {
		if errors.Is(why, sentinel) {
			bit = n
		}
	}
	var r rejected
	r.Status.Status = 2
	r.Status.Failure = asn1.BitString{Bytes: make([]byte, bit/8+1), BitLength: bit + 1}
	r.Status.Failure.Bytes[bit/8] = 0x80 >> (bit % 8)
	der, err := asn1.Marshal(r)
	return der, errors.Join(fmt.Errorf("answer a timestamp request: %w", why), err)
}
