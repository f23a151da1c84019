package attest

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// issuerPath is a certificate path, the leaf first.
type issuerPath = []*x509.Certificate

// certificate leads the leaf to the trusted root at each of the proven times.
func (c *chain) certificate() (State, string, error) {
	if c.entity.leaf == nil {
		return Absent, "signed by a key", nil
	}
	if len(c.established.Times) == 0 {
		return "", "", errors.New("no proven time at which to judge it: a certificate needs a log's promise or a timestamp")
	}
	var err error
	if c.summary, err = certificate.SummarizeCertificate(c.entity.leaf); err != nil {
		return "", "", err
	}
	leaf := forPath(c.entity.leaf)
	for _, t := range c.established.Times {
		paths, err := verify.VerifyLeafCertificate(t.Time, leaf, c.root)
		if err != nil {
			return "", "", fmt.Errorf("at %s it leads to no authority of the trusted root (it is by %q, valid %s to %s)", t.Time.Format(time.RFC3339),
				leaf.Issuer, leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))
		}
		c.issuers = append(c.issuers, paths)
	}
	path := c.issuers[0][0]
	c.lack("nothing about revocation or compromise after the proven time")
	return Held, fmt.Sprintf("issued by %s, root %s", leaf.Issuer, path[len(path)-1].Subject), nil
}

var oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// forPath gives a certificate that crypto/x509 can lead to a root. It knows no
// otherName in a critical subjectAltName; the summary reads that name itself.
func forPath(leaf *x509.Certificate) *x509.Certificate {
	if len(leaf.UnhandledCriticalExtensions) == 0 {
		return leaf
	}
	handled := *leaf
	handled.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(leaf.UnhandledCriticalExtensions), oidSubjectAltName.Equal)
	return &handled
}

// certificateLog verifies that the certificate was logged, where the trusted
// root knows logs of certificates.
func (c *chain) certificateLog() (State, string, error) {
	switch {
	case c.entity.leaf == nil:
		return Absent, "signed by a key", nil
	case len(c.root.CTLogs()) == 0:
		c.lack("no certificate log: the trusted root knows none")
		return Absent, "the trusted root knows none", nil
	}
	if err := verify.VerifySignedCertificateTimestamp(c.issuers[0], 1, c.root); err != nil {
		return "", "", err
	}
	return Held, "a signed certificate timestamp holds", nil
}
