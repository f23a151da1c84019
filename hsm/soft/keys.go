package soft

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"stellad/hsm"
)

// Generate makes a pair of a new label.
func (f *File) Generate(_ context.Context, t hsm.Template) (hsm.Attributes, error) {
	if err := t.Check(); err != nil {
		return hsm.Attributes{}, err
	}
	private, err := generate(t.Algorithm)
	if err != nil {
		return hsm.Attributes{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return hsm.Attributes{}, err
	}
	return f.add(pair{Label: t.Label, ID: newID(), PKCS8: der, Custody: t.Custody})
}

func generate(a hsm.Algorithm) (crypto.PrivateKey, error) {
	switch a {
	case hsm.ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case hsm.ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case hsm.Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case hsm.RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	return rsa.GenerateKey(rand.Reader, 4096)
}

func newID() []byte {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it does not fail
	return id
}

func (f *File) add(p pair) (hsm.Attributes, error) {
	return p.attributes(), f.change(func(c *content) error {
		if err := c.unused(p.Label); err != nil {
			return err
		}
		c.Pairs = append(c.Pairs, p)
		return nil
	})
}

func (c *content) unused(label string) error {
	for _, a := range c.keys() {
		if a.Label == label {
			return fmt.Errorf("%w: %q", hsm.ErrExists, label)
		}
	}
	return nil
}

// CreateWrapping makes an AES-256 key, of value where that is not empty.
func (f *File) CreateWrapping(_ context.Context, label string, value []byte) (hsm.Attributes, error) {
	if err := hsm.CheckLabel(label); err != nil {
		return hsm.Attributes{}, err
	}
	w := wrapper{Label: label, ID: newID(), Value: slices.Clone(value), Imported: len(value) > 0}
	switch len(value) {
	case 0:
		w.Value = make([]byte, hsm.WrapKeyLen)
		_, _ = rand.Read(w.Value) // it does not fail
	case hsm.WrapKeyLen:
	default:
		return hsm.Attributes{}, fmt.Errorf("%w: a wrapping key of %d bytes", hsm.ErrInvalid, len(value))
	}
	return w.attributes(), f.change(func(c *content) error {
		if err := c.unused(label); err != nil {
			return err
		}
		c.Wrappers = append(c.Wrappers, w)
		return nil
	})
}

func (c *content) keys() (all []hsm.Attributes) {
	for _, p := range c.Pairs {
		all = append(all, p.attributes())
	}
	for _, w := range c.Wrappers {
		all = append(all, w.attributes())
	}
	return all
}

// Keys lists all keys, by label.
func (f *File) Keys(context.Context) ([]hsm.Attributes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.content.keys()
	slices.SortFunc(all, func(a, b hsm.Attributes) int { return strings.Compare(a.Label, b.Label) })
	return all, nil
}

// Find finds the one pair that r means.
func (f *File) Find(_ context.Context, r hsm.Reference) (hsm.Attributes, error) {
	p, err := f.pair(r)
	return p.attributes(), err
}

func (f *File) pair(r hsm.Reference) (pair, error) {
	if err := r.Check(); err != nil {
		return pair{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return one(f.content.Pairs, r)
}

type attributed interface{ attributes() hsm.Attributes }

// one returns the one of all that r means.
func one[K attributed](all []K, r hsm.Reference) (K, error) {
	var fit []K
	for _, k := range all {
		if matches(k.attributes(), r) {
			fit = append(fit, k)
		}
	}
	var none K
	switch len(fit) {
	case 0:
		return none, fmt.Errorf("%w: %v", hsm.ErrNoKey, r)
	case 1:
		return fit[0], nil
	}
	return none, fmt.Errorf("%w: %d are %v", hsm.ErrAmbiguous, len(fit), r)
}

func matches(a hsm.Attributes, r hsm.Reference) bool {
	return (r.Label == "" || a.Label == r.Label) && (len(r.ID) == 0 || bytes.Equal(a.ID, r.ID)) &&
		(len(r.Public) == 0 || bytes.Equal(a.Public, r.Public))
}

// Destroy destroys the one key that r means.
func (f *File) Destroy(_ context.Context, r hsm.Reference) error {
	if err := r.Check(); err != nil {
		return err
	}
	return f.change(func(c *content) error {
		n := 0
		for _, a := range c.keys() {
			if matches(a, r) {
				n++
			}
		}
		switch n {
		case 0:
			return fmt.Errorf("%w: %v", hsm.ErrNoKey, r)
		case 1:
			c.Pairs = slices.DeleteFunc(c.Pairs, func(p pair) bool { return matches(p.attributes(), r) })
			c.Wrappers = slices.DeleteFunc(c.Wrappers, func(w wrapper) bool { return matches(w.attributes(), r) })
			return nil
		}
		return fmt.Errorf("%w: %d are %v", hsm.ErrAmbiguous, n, r)
	})
}

// private is nil for what was not read whole.
func (p pair) private() crypto.Signer {
	key, err := x509.ParsePKCS8PrivateKey(p.PKCS8)
	if err != nil {
		return nil
	}
	signer, _ := key.(crypto.Signer)
	return signer
}

func (p pair) attributes() hsm.Attributes {
	a := hsm.Attributes{
		Label: p.Label, ID: p.ID, Private: true, Sensitive: true, AlwaysSensitive: !p.Imported,
		Extractable: bool(p.Custody), NeverExtractable: !bool(p.Custody) && !p.Imported, Local: !p.Imported, Sign: true,
		Doubts: []string{"it is in a file: all of this is this program's word alone"},
	}
	if private := p.private(); private != nil {
		a.Public, _ = x509.MarshalPKIXPublicKey(private.Public())
		a.Algorithm = hsm.AlgorithmOf(private.Public())
	}
	return a
}

func (w wrapper) attributes() hsm.Attributes {
	return hsm.Attributes{
		Label: w.Label, ID: w.ID, Algorithm: hsm.AES256, Private: true, Sensitive: true, AlwaysSensitive: !w.Imported,
		NeverExtractable: !w.Imported, Local: !w.Imported, Wrap: true, Unwrap: true,
		Doubts: []string{"it is in a file: all of this is this program's word alone"},
	}
}
