// Package rfc3161 verifies timestamps: that an authority which the reader
// trusts saw certain bytes at a certain time.
//
// It holds a token to RFC 3161 §2.3 and §2.4.2 and to RFC 5816: one signer, the
// id-ct-TSTInfo content type, a signing-certificate attribute with a SHA-2 hash
// that names the signer, and a signer whose extended key usage is critical and
// timeStamping alone. Certificates are judged at the time in the token, never
// at the reader's. A certificate that comes inside a token is not trust.
package rfc3161

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"stellad/attest/certpath"
)

// ErrAuthority is wrapped by every reason for which certificates make no
// authority.
var ErrAuthority = errors.New("not a timestamping authority")

// Authority is a timestamping authority that the reader trusts. It is immutable
// once made and safe for concurrent use.
type Authority struct {
	uri        string
	start, end time.Time // both inclusive; zero: unbounded

	// signers are the certificates trusted to sign. Nothing in their paths
	// depends on a token but the time at which they are judged, so the paths'
	// signatures are checked once, when the Authority is made.
	signers []signer

	// roots and between serve tokens that bring their signer's certificate.
	roots, between *x509.CertPool
}

// signer is a certificate with its path to a root, itself first. One with a flaw
// is known by name and signs nothing: real trust roots hold such certificates
// beside good ones.
type signer struct {
	path []*x509.Certificate
	flaw error // RFC 3161 §2.3 does not let it sign
}

// NewAuthority makes an authority of its roots and of other certificates in any
// order: signers, which are no CAs, and intermediates. Where no signer is among
// them, a token must bring its own and it must lead to a root. Errors wrap
// ErrAuthority.
func NewAuthority(uri string, roots, others []*x509.Certificate) (*Authority, error) {
	a := &Authority{uri: uri, roots: x509.NewCertPool(), between: x509.NewCertPool()}
	if len(roots) == 0 {
		return nil, fmt.Errorf("%w: no root certificate", ErrAuthority)
	}
	for _, c := range roots {
		a.roots.AddCert(c)
	}
	for _, c := range others {
		if c.IsCA {
			a.between.AddCert(c)
		}
	}
	for _, c := range others {
		if c.IsCA {
			continue
		}
		path, err := certpath.Find(c, a.options(a.between))
		if err != nil {
			return nil, fmt.Errorf("%w: signer %q: %w", ErrAuthority, c.Subject, err)
		}
		a.signers = append(a.signers, signer{path: path, flaw: checkSigner(c)})
	}
	return a, nil
}

// Between narrows the authority to times from start to end, both inclusive. A
// zero time leaves that side open.
func (a *Authority) Between(start, end time.Time) *Authority {
	narrowed := *a
	narrowed.start, narrowed.end = start, end
	return &narrowed
}

func (a *Authority) options(between *x509.CertPool) x509.VerifyOptions {
	return x509.VerifyOptions{
		Roots: a.roots, Intermediates: between,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// checkSigner holds a certificate to RFC 3161 §2.3.
func checkSigner(c *x509.Certificate) error {
	if c.IsCA {
		return errors.New("is a CA: a timestamp's signer is an end entity")
	}
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) != 0 {
		return errors.New("its extended key usage is not timeStamping alone")
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && !e.Critical {
			return errors.New("its extended key usage is not critical")
		}
	}
	return nil
}
