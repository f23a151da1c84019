package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Object identifiers of RFC 3161 §2.4.2, RFC 5652 §11.1 and RFC 5035 §3.
var (
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// contentInfo and signedData are RFC 5652 §3 and §5.1. They are read here, in
// DER and to the last byte, because the CMS library that checks the signature
// reads BER and passes over what it can't read.
type contentInfo struct {
	ContentType asn1.ObjectIdentifier
	Content     asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated     struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"explicit,optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	SignerInfos  []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version            int
	ID                 issuerAndSerial
	DigestAlgorithm    pkix.AlgorithmIdentifier
	SignedAttributes   asn1.RawValue `asn1:"optional,tag:0"`
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
	Unsigned           asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

// token is a timestamp token taken apart, its signature not yet believed.
type token struct {
	cms      signedData
	p7       *pkcs7.PKCS7
	info     *timestamp.Timestamp
	embedded bool // certificates came inside; info's signature held by one of them
}

// parse reads a TimeStampResp or a bare TimeStampToken, RFC 3161 §2.4.2.
func parse(der []byte) (*token, error) {
	raw, err := unwrapResponse(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	t := &token{}
	if err := t.parseCMS(raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if t.info, err = timestamp.Parse(raw); err != nil {
		return nil, err
	}
	if t.p7, err = pkcs7.Parse(raw); err != nil {
		return nil, err
	}
	t.embedded = len(t.p7.Certificates) > 0
	return t, t.checkInfo()
}

// unwrapResponse gives the token inside a response that was granted, as asked
// for; a bare token is given back as it is.
func unwrapResponse(der []byte) ([]byte, error) {
	var outer struct {
		First asn1.RawValue
		Rest  asn1.RawValue `asn1:"optional"`
	}
	rest, err := asn1.Unmarshal(der, &outer)
	if err != nil {
		return nil, fmt.Errorf("not DER: %w", err)
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%d bytes after its end", len(rest))
	}
	if outer.First.Tag == asn1.TagOID {
		return der, nil
	}
	var status struct{ Status int }
	if _, err := asn1.Unmarshal(outer.First.FullBytes, &status); err != nil {
		return nil, fmt.Errorf("response status: %w", err)
	}
	if status.Status != 0 {
		return nil, fmt.Errorf("the authority did not grant it (status %d)", status.Status)
	}
	if len(outer.Rest.FullBytes) == 0 {
		return nil, errors.New("the response has no token")
	}
	return outer.Rest.FullBytes, nil
}

func (t *token) parseCMS(raw []byte) error {
	var outer contentInfo
	if _, err := asn1.Unmarshal(raw, &outer); err != nil {
		return fmt.Errorf("not a CMS message: %w", err)
	}
	if !outer.ContentType.Equal(oidSignedData) {
		return errors.New("not CMS signed data")
	}
	if rest, err := asn1.Unmarshal(outer.Content.Bytes, &t.cms); err != nil {
		return fmt.Errorf("CMS signed data: %w", err)
	} else if len(rest) != 0 {
		return fmt.Errorf("%d bytes after its CMS signed data", len(rest))
	}
	if t.cms.Version != 3 {
		return fmt.Errorf("CMS version %d, not 3", t.cms.Version)
	}
	if !t.cms.Encapsulated.ContentType.Equal(oidTSTInfo) {
		return errors.New("its content is not a TSTInfo")
	}
	if n := len(t.cms.SignerInfos); n != 1 {
		return fmt.Errorf("%d signers, not one", n)
	}
	if v := t.cms.SignerInfos[0].Version; v != 1 {
		return fmt.Errorf("signer info version %d, not 1", v)
	}
	return nil
}

// checkInfo holds the TSTInfo to version 1 and a SHA-2 imprint, and the
// content-type attribute to what the message holds (RFC 5652 §11.1).
func (t *token) checkInfo() error {
	var info struct{ Version int }
	if _, err := asn1.Unmarshal(t.p7.Content, &info); err != nil {
		return fmt.Errorf("TSTInfo: %w", err)
	}
	if info.Version != 1 {
		return fmt.Errorf("TSTInfo version %d, not 1", info.Version)
	}
	switch t.info.HashAlgorithm {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
	default:
		return fmt.Errorf("its imprint is by %s, not by SHA-2", t.info.HashAlgorithm)
	}
	var contentType asn1.ObjectIdentifier
	if err := t.p7.UnmarshalSignedAttribute(oidContentType, &contentType); err != nil {
		return errors.New("no content-type attribute")
	}
	if !contentType.Equal(oidTSTInfo) {
		return errors.New("its content-type attribute does not say TSTInfo")
	}
	return nil
}

// essCertIDv2 is RFC 5035 §4; an absent algorithm is SHA-256.
type essCertIDv2 struct {
	HashAlgorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	CertHash      []byte
	IssuerSerial  asn1.RawValue `asn1:"optional"`
}

var sha2 = map[string]func([]byte) []byte{
	"":                       func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
	"2.16.840.1.101.3.4.2.1": func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
	"2.16.840.1.101.3.4.2.2": func(b []byte) []byte { h := sha512.Sum384(b); return h[:] },
	"2.16.840.1.101.3.4.2.3": func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
}

// namesSigner checks the signing-certificate attribute, without which another
// certificate for the same key could be put in the signer's place (RFC 5816 §2.2.1).
func (t *token) namesSigner(signer *x509.Certificate) error {
	var attribute struct{ Certs []essCertIDv2 }
	if err := t.p7.UnmarshalSignedAttribute(oidSigningCertificate, &attribute); err != nil {
		return errors.New("no signing-certificate attribute with a SHA-2 hash (ESSCertIDv2)")
	}
	if len(attribute.Certs) == 0 {
		return errors.New("its signing-certificate attribute is empty")
	}
	id := attribute.Certs[0]
	hash, known := sha2[id.HashAlgorithm.Algorithm.String()]
	if !known {
		return fmt.Errorf("its signing-certificate attribute uses hash %s", id.HashAlgorithm.Algorithm)
	}
	if !bytes.Equal(hash(signer.Raw), id.CertHash) {
		return errors.New("its signing-certificate attribute names another certificate")
	}
	return nil
}
