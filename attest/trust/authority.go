package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	protoroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"stellad/attest/certpath"
	"stellad/attest/rfc3161"
)

// certificateAuthority is sigstore-go's, with the part of each path that is the
// authority's own checked once and not for each certificate that it issued.
type certificateAuthority struct {
	*root.FulcioCertificateAuthority
	issuer *x509.CertPool      // the certificate that issues, as an anchor
	above  []*x509.Certificate // its own path to the root, without itself
}

func newCertificateAuthority(doc *protoroot.CertificateAuthority) (root.CertificateAuthority, error) {
	ca, err := root.ParseCertificateAuthority(doc)
	if err != nil {
		return nil, err
	}
	if len(ca.Intermediates) == 0 {
		return ca, nil // nothing stands between the root and what it issues
	}
	path, err := certpath.Find(ca.Intermediates[0], x509.VerifyOptions{
		Roots: pool(ca.Root), Intermediates: pool(ca.Intermediates...),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	if err != nil {
		return nil, err
	}
	issuer, above := path[0], path[1:]
	if !issuer.IsCA || len(ca.Intermediates) != len(above) || constrains(above) {
		return ca, nil // an unusual path is validated whole, each time
	}
	return &certificateAuthority{FulcioCertificateAuthority: ca, issuer: pool(issuer), above: above}, nil
}

var oidNameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}

// constrains tells whether certificates above the issuing one say anything
// about what that one may issue. Only where they don't may the issuing one
// stand as the anchor in their stead.
func constrains(above []*x509.Certificate) bool {
	for i, c := range above {
		limited := c.MaxPathLen > 0 || c.MaxPathLen == 0 && c.MaxPathLenZero
		if limited && c.MaxPathLen < i+1 {
			return true
		}
		for _, e := range c.Extensions {
			if e.Id.Equal(oidNameConstraints) {
				return true
			}
		}
	}
	return false
}

// Verify implements root.CertificateAuthority.
func (ca *certificateAuthority) Verify(leaf *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	if !ca.ValidityPeriodStart.IsZero() && at.Before(ca.ValidityPeriodStart) ||
		!ca.ValidityPeriodEnd.IsZero() && at.After(ca.ValidityPeriodEnd) {
		return nil, errors.New("the time is outside the authority's span")
	}
	if err := certpath.ValidAt(ca.above, at); err != nil {
		return nil, err
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: ca.issuer, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	for i := range chains {
		chains[i] = slices.Concat(chains[i], ca.above)
	}
	return chains, err
}

func newTimestamper(doc *protoroot.CertificateAuthority) (*rfc3161.Authority, error) {
	parsed, err := root.ParseTimestampingAuthority(doc)
	if err != nil {
		return nil, err
	}
	tsa, ok := parsed.(*root.SigstoreTimestampingAuthority)
	if !ok || tsa.Root == nil {
		return nil, errors.New("its chain has no root: put the root certificate last")
	}
	others := tsa.Intermediates
	if tsa.Leaf != nil {
		others = append(slices.Clone(others), tsa.Leaf)
	}
	authority, err := rfc3161.NewAuthority(tsa.URI, []*x509.Certificate{tsa.Root}, others)
	if err != nil {
		return nil, err
	}
	return authority.Between(tsa.ValidityPeriodStart, tsa.ValidityPeriodEnd), nil
}

func pool(certs ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}
