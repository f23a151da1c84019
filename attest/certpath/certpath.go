// Package certpath splits a certificate path's validation in two: what holds
// for good, checked once, and what depends on the time at which it is judged.
//
// A trust root's own certificates don't change between one bundle and the next,
// and a signature check on P-384 costs more than all else that a bundle needs.
package certpath

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

const maxPath = 8

// Find gives the path from c to a root of opts, c first, at a time when all of
// it is valid; opts.CurrentTime is not used. Such a time exists for each path
// that can ever be accepted, and the latest notBefore on it is one.
func Find(c *x509.Certificate, opts x509.VerifyOptions) ([]*x509.Certificate, error) {
	opts.CurrentTime = c.NotBefore
	for range maxPath {
		chains, err := c.Verify(opts)
		if err == nil {
			return chains[0], nil
		}
		var invalid x509.CertificateInvalidError
		if !errors.As(err, &invalid) || invalid.Reason != x509.Expired || !invalid.Cert.NotBefore.After(opts.CurrentTime) {
			return nil, err
		}
		opts.CurrentTime = invalid.Cert.NotBefore
	}
	return nil, errors.New("no time at which its whole path is valid")
}

// ValidAt is all of a path's validation that depends on the time.
func ValidAt(path []*x509.Certificate, at time.Time) error {
	for _, c := range path {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return fmt.Errorf("certificate %q was not valid at %s", c.Subject, at.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
