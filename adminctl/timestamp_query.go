package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/digitorus/timestamp"

	"stellad/attest"
)

// A stampQuery is a TimeStampReq, and what of it the answer must repeat. RFC 3161 §2.4.1.
type stampQuery struct {
	der    []byte
	hash   crypto.Hash
	digest []byte
	nonce  *big.Int // nil: none
}

// maxQuery is what the API takes, in bytes.
const maxQuery = 4 << 10

// newStampQuery asks for a token over a SHA-256, with the certificate in it.
func newStampQuery(digests attest.Digests) (*stampQuery, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	q := &stampQuery{hash: crypto.SHA256, digest: digests[crypto.SHA256], nonce: nonce}
	q.der, err = (&timestamp.Request{HashAlgorithm: q.hash, HashedMessage: q.digest, Certificates: true, Nonce: nonce}).Marshal()
	return q, err
}

// parseStampQuery reads a request that somebody else made. What the authority makes of it is for the authority to say.
func parseStampQuery(der []byte) (*stampQuery, error) {
	if len(der) > maxQuery {
		return nil, fmt.Errorf("not a timestamp request: %d bytes, more than %d", len(der), maxQuery)
	}
	req, err := timestamp.ParseRequest(der)
	if err != nil {
		return nil, fmt.Errorf("not a timestamp request: %w", err)
	}
	return &stampQuery{der, req.HashAlgorithm, req.HashedMessage, req.Nonce}, nil
}

// check holds an answer to the request: granted, over the same digest, with the same nonce. The token's signature is
// looked at where its certificate came with it; whose it is, is for a verifier to say.
func (q *stampQuery) check(response []byte) (stampedAnswer, error) {
	if err := granted(response); err != nil {
		return stampedAnswer{}, err
	}
	stamp, err := timestamp.ParseResponse(response)
	switch {
	case err != nil:
		return stampedAnswer{}, fmt.Errorf("%w: %w", errOtherToken, err)
	case stamp.HashAlgorithm != q.hash || !bytes.Equal(stamp.HashedMessage, q.digest):
		return stampedAnswer{}, fmt.Errorf("%w: it is over other bytes", errOtherToken)
	case q.nonce != nil && (stamp.Nonce == nil || stamp.Nonce.Cmp(q.nonce) != 0):
		return stampedAnswer{}, fmt.Errorf("%w: it has another nonce", errOtherToken)
	}
	return stampedAnswer{
		Imprint: attest.Digests{q.hash: q.digest}.String(), Time: stamp.Time.UTC().Format(time.RFC3339),
		AccuracySeconds: stamp.Accuracy.Seconds(), Serial: fmt.Sprintf("%x", stamp.SerialNumber),
	}, nil
}

// failures are PKIFailureInfo's bits. RFC 3161 §2.4.2.
var failures = map[int]string{
	0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable", 15: "unacceptedPolicy", 16: "unacceptedExtension",
	17: "addInfoNotAvailable", 25: "systemFailure",
}

// granted tells why there is no token in an answer: RFC 3161 §2.4.2's PKIStatusInfo.
func granted(response []byte) error {
	var answer struct {
		Info struct {
			Status int
			Text   []string       `asn1:"optional"`
			Failed asn1.BitString `asn1:"optional"`
		}
		Token asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(response, &answer); err != nil {
		return fmt.Errorf("%w: %w", errOtherToken, err)
	}
	if answer.Info.Status == 0 {
		return nil
	}
	words := answer.Info.Text
	for bit := range answer.Info.Failed.BitLength {
		if answer.Info.Failed.At(bit) == 1 {
			words = append(words, failureName(bit))
		}
	}
	if len(words) == 0 {
		words = []string{"no reason is given"}
	}
	return fmt.Errorf("%w (status %d): %s", errRejected, answer.Info.Status, strings.Join(words, ", "))
}

func failureName(bit int) string {
	if name, known := failures[bit]; known {
		return name
	}
	return fmt.Sprintf("failure %d", bit)
}

var (
	errRejected   = errors.New("the authority rejected the request")
	errOtherToken = errors.New("what the daemon sent is not the token that was asked for")
)
