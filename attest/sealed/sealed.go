// Package sealed is what the archives that auditors take away have in common: files,
// a manifest that names each with its digest, a Sigstore bundle whose statement names
// the manifest, and beside the bundle the same things as plain files for stock tools.
//
//	files ──Manifest──▶ manifest.json ──▶ statement, signed ──▶ bundle
//	                                                              │ SidesOf
//	                           statement, PAE, signature, timestamp ▼
//
// What lies beside the bundle is believed by nobody: a verifier makes it of the bundle
// again and compares. The shell script that checks an archive with stock tools is made
// here of one common part, so that two archives are not checked in two ways.
package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"stellad/attest"
)

// ErrSealed is wrapped by every reason for which bytes are not what this package reads.
var ErrSealed = errors.New("not a sealed archive's")

// Sides are what stands in a Sigstore bundle, each by itself.
type Sides struct {
	Statement []byte   // the payload of the envelope
	PAE       []byte   // what the signature is over: DSSE v1, "PAE"
	Signature []byte   // of the one key that signed, raw; of an ECDSA key in DER
	Tokens    [][]byte // RFC 3161 tokens over Signature, each in DER, without the answers around them
}

// Open reads the Sigstore bundle that seals an archive: one document alone, with one DSSE signature and one timestamp. It
// verifies nothing. Errors wrap ErrSealed or attest.ErrNotBundle.
func Open(bundle []byte) (*attest.Document, *Sides, error) {
	docs, err := attest.Parse(bundle)
	if err != nil {
		return nil, nil, err
	}
	if len(docs) != 1 || !bytes.Equal(docs[0].Text, bundle) {
		return nil, nil, fmt.Errorf("%w: it is not one document alone", attest.ErrNotBundle)
	}
	sides, err := SidesOf(docs[0])
	if err == nil && len(sides.Tokens) != 1 {
		err = fmt.Errorf("%w: the bundle has %d timestamps, and must have one", ErrSealed, len(sides.Tokens))
	}
	return docs[0], sides, err
}

// Plain keeps a stranger's text to one line of what can be seen, for a VERIFY.md.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == '`' {
			return '?'
		}
		return r
	}, text)
}

// SidesOf takes a bundle apart that has a DSSE envelope with one signature. It verifies
// nothing. Errors wrap ErrSealed.
func SidesOf(d *attest.Document) (*Sides, error) {
	e := d.Envelope()
	if e == nil || len(e.GetSignatures()) != 1 {
		return nil, fmt.Errorf("%w: it is no Sigstore bundle of one DSSE signature", ErrSealed)
	}
	s := &Sides{Statement: e.GetPayload(), PAE: dsse.PAE(e.GetPayloadType(), e.GetPayload()), Signature: e.GetSignatures()[0].GetSig()}
	for i, answer := range d.Timestamps() {
		token, err := tokenOf(answer)
		if err != nil {
			return nil, fmt.Errorf("%w: timestamp %d: %w", ErrSealed, i, err)
		}
		s.Tokens = append(s.Tokens, token)
	}
	return s, nil
}

// tokenOf gives the token in a TimeStampResp. RFC 3161 §2.4.2.
func tokenOf(answer []byte) ([]byte, error) {
	var parts []asn1.RawValue
	rest, err := asn1.Unmarshal(answer, &parts)
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0 || len(parts) != 2:
		return nil, errors.New("it is no answer that has a token")
	}
	return parts[1].FullBytes, nil
}

// Sum gives the SHA-256 of text in lower-case hex.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
