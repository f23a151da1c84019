package tsa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Validity is from when until when a certificate is valid, both inclusive, in
// whole seconds.
type Validity struct{ From, Until time.Time }

// NewRoot makes the certificate of an authority's root for the appliance called
// name. Keys are ECDSA on P-256, here and in NewLeaf. A root is distinct from what
// signs: stock cosign refuses a leaf that signed itself. Serials are random, of 127
// bits. Errors wrap ErrAuthority or are the key's.
func NewRoot(key crypto.Signer, name string, v Validity) (*x509.Certificate, error) {
	template, err := newTemplate(name+" timestamp root", v)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.MaxPathLenZero = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	return create(template, template, key.Public(), key)
}

// NewLeaf makes the certificate that signs tokens, for a key's public half. Its
// extended key usage is timeStamping, critical and alone (RFC 3161 §2.3), and it is
// valid while its root is.
func NewLeaf(root *x509.Certificate, rootKey crypto.Signer, public crypto.PublicKey, name string, v Validity) (*x509.Certificate, error) {
	template, err := newTemplate(name+" timestamps", v)
	if err != nil {
		return nil, err
	}
	if same, ok := root.PublicKey.(*ecdsa.PublicKey); ok && same.Equal(public) {
		return nil, fmt.Errorf("%w: its leaf has the root's key", ErrAuthority)
	}
	if v.From.Before(root.NotBefore) || v.Until.After(root.NotAfter) {
		return nil, fmt.Errorf("%w: its leaf would be valid when its root is not", ErrAuthority)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeStamping})
	if err != nil {
		return nil, err
	}
	// crypto/x509 would write it uncritical.
	template.ExtraExtensions = []pkix.Extension{{Id: oidExtKeyUsage, Critical: true, Value: usage}}
	return create(template, root, public, rootKey)
}

func newTemplate(name string, v Validity) (*x509.Certificate, error) {
	from, until := v.From.UTC().Truncate(time.Second), v.Until.UTC().Truncate(time.Second)
	if !from.Before(until) {
		return nil, fmt.Errorf("%w: a certificate that is valid from %s until %s", ErrAuthority, from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	serial, err := random(127)
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		BasicConstraintsValid: true, SignatureAlgorithm: x509.ECDSAWithSHA256,
	}, err
}

// create has key sign the certificate, and reads it back. crypto/x509 verifies the
// signature that it was given.
func create(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	for _, p := range []crypto.PublicKey{public, key.Public()} {
		if err := checkKey(p); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAuthority, err)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of %q: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

func checkKey(public crypto.PublicKey) error {
	if k, ok := public.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return errors.New("its keys are ECDSA on P-256")
	}
	return nil
}

// random gives a number above 0 of at most so many bits.
func random(bits uint) (*big.Int, error) {
	most := new(big.Int).Lsh(big.NewInt(1), bits)
	n, err := rand.Int(rand.Reader, most.Sub(most, big.NewInt(1)))
	if err != nil {
		return nil, err
	}
	return n.Add(n, big.NewInt(1)), nil
}
