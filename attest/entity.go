package attest

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// entity is a bundle taken apart once. It is a verify.SignedEntity that never
// parses anything twice: parsing a hashedrekord entry verifies a signature.
type entity struct {
	*bundle.Bundle
	entries      []*tlog.Entry
	signature    verify.SignatureContent
	verification verify.VerificationContent
	leaf         *x509.Certificate // nil: signed by a key
}

func (e *entity) TlogEntries() ([]*tlog.Entry, error)                { return e.entries, nil }
func (e *entity) SignatureContent() (verify.SignatureContent, error) { return e.signature, nil }
func (e *entity) VerificationContent() (verify.VerificationContent, error) {
	return e.verification, nil
}

// only is the entity with one log entry, so that each is judged by itself:
// sigstore-go passes over an entry whose promise fails where another holds.
func (e *entity) only(i int) *entity {
	one := *e
	one.entries = e.entries[i : i+1]
	return &one
}

// open takes a bundle apart and refuses what the specification forbids in one
// of its version. What it accepts, sigstore-go's own validation accepts too.
func (d *Document) open() (*entity, error) {
	e := &entity{Bundle: &bundle.Bundle{Bundle: d.bundle}}
	material := d.bundle.GetVerificationMaterial()
	if err := checkMaterial(d.version, material); err != nil {
		return nil, err
	}
	if err := checkContent(d.bundle); err != nil {
		return nil, err
	}
	for i, entry := range material.GetTlogEntries() {
		if err := checkEntry(d.version, entry); err != nil {
			return nil, fmt.Errorf("tlogEntries[%d]: %w", i, err)
		}
		parsed, err := tlog.ParseTransparencyLogEntry(entry)
		if err != nil {
			return nil, fmt.Errorf("tlogEntries[%d]: %w", i, err)
		}
		e.entries = append(e.entries, parsed)
	}
	var err error
	if e.signature, err = e.Bundle.SignatureContent(); err != nil {
		return nil, err
	}
	if e.verification, err = e.Bundle.VerificationContent(); err != nil {
		return nil, err
	}
	e.leaf = e.verification.Certificate()
	return e, nil
}

func checkContent(b *protobundle.Bundle) error {
	if env := b.GetDsseEnvelope(); env != nil {
		if n := len(env.GetSignatures()); n != 1 {
			return fmt.Errorf("dsseEnvelope has %d signatures: a bundle has one", n)
		}
		if len(env.GetSignatures()[0].GetSig()) == 0 {
			return errors.New("dsseEnvelope has an empty signature")
		}
		return nil
	}
	message := b.GetMessageSignature()
	if message.GetMessageDigest() == nil || len(message.GetSignature()) == 0 {
		return errors.New("messageSignature has no digest or no signature")
	}
	hash, known := messageHash(message)
	if !known {
		return fmt.Errorf("messageDigest is by %s, not by SHA-2", message.GetMessageDigest().GetAlgorithm())
	}
	if len(message.GetMessageDigest().GetDigest()) != hash.Size() {
		return fmt.Errorf("messageDigest has %d bytes, %s has %d", len(message.GetMessageDigest().GetDigest()), hash, hash.Size())
	}
	return nil
}

func checkMaterial(version string, m *protobundle.VerificationMaterial) error {
	if n := len(m.GetTlogEntries()); n > maxEntries {
		return fmt.Errorf("%d log entries, more than %d", n, maxEntries)
	}
	if err := checkTimestamps(m.GetTimestampVerificationData()); err != nil {
		return err
	}
	if err := checkDuplicates(m.GetTlogEntries()); err != nil {
		return err
	}
	if m.GetContent() == nil {
		return errors.New("verificationMaterial has neither a certificate nor a key")
	}
	if _, isChain := m.GetContent().(*protobundle.VerificationMaterial_X509CertificateChain); isChain {
		return checkChain(version, m)
	}
	return nil
}

// checkChain holds a chain to "MUST NOT contain a root": what is trusted comes
// from the trust root. Only its first certificate is used.
func checkChain(version string, m *protobundle.VerificationMaterial) error {
	if version == "v0.3" {
		return errors.New("a certificate chain in a bundle v0.3: it has one certificate")
	}
	certs := m.GetX509CertificateChain().GetCertificates()
	if len(certs) == 0 {
		return errors.New("x509CertificateChain is empty")
	}
	for i, raw := range certs {
		c, err := x509.ParseCertificate(raw.GetRawBytes())
		if err != nil {
			return fmt.Errorf("x509CertificateChain[%d]: %w", i, err)
		}
		if bytes.Equal(c.RawIssuer, c.RawSubject) && c.IsCA {
			return fmt.Errorf("x509CertificateChain[%d] is a root: roots come from the trust root", i)
		}
	}
	return nil
}

func checkTimestamps(data *protobundle.TimestampVerificationData) error {
	stamps := data.GetRfc3161Timestamps()
	if len(stamps) > maxTimestamps {
		return fmt.Errorf("%d timestamps, more than %d", len(stamps), maxTimestamps)
	}
	for i, s := range stamps {
		for _, earlier := range stamps[:i] {
			if bytes.Equal(s.GetSignedTimestamp(), earlier.GetSignedTimestamp()) {
				return fmt.Errorf("rfc3161Timestamps[%d] stands there twice", i)
			}
		}
	}
	return nil
}

func checkDuplicates(entries []*protorekor.TransparencyLogEntry) error {
	for i, e := range entries {
		for _, earlier := range entries[:i] {
			sameLog := bytes.Equal(e.GetLogId().GetKeyId(), earlier.GetLogId().GetKeyId())
			if sameLog && (e.GetLogIndex() == earlier.GetLogIndex() || bytes.Equal(e.GetCanonicalizedBody(), earlier.GetCanonicalizedBody())) {
				return fmt.Errorf("tlogEntries[%d] stands there twice", i)
			}
		}
	}
	return nil
}
