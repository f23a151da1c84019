package soft

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"

	"stellad/hsm"
)

// Sign signs with the one pair that is meant.
func (f *File) Sign(_ context.Context, r hsm.Signing) ([]byte, error) {
	public, err := r.Check()
	if err != nil {
		return nil, err
	}
	p, err := f.pair(r.Key)
	if err != nil {
		return nil, err
	}
	var opts crypto.SignerOpts = r.Hash
	if _, is := public.(*rsa.PublicKey); is {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: r.Hash}
	}
	signature, err := p.private().Sign(rand.Reader, r.Input, opts)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", hsm.ErrInvalid, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signatures++
	return signature, nil
}

// Wrap wraps an escrowable key (RFC 5649).
func (f *File) Wrap(_ context.Context, with, key hsm.Reference, m hsm.Mechanism) ([]byte, error) {
	p, err := f.pair(key)
	if err != nil {
		return nil, err
	}
	w, err := f.wrapper(with, m)
	if err != nil {
		return nil, err
	}
	if p.Custody != hsm.Escrowable {
		return nil, fmt.Errorf("%w: %v is not escrowable", hsm.ErrNotPermitted, key)
	}
	return wrapPad(w.Value, p.PKCS8)
}

func (f *File) wrapper(r hsm.Reference, m hsm.Mechanism) (wrapper, error) {
	if err := r.Check(); err != nil {
		return wrapper{}, err
	}
	if err := m.Check(); err != nil {
		return wrapper{}, err
	}
	if m != hsm.KeyWrapPad {
		return wrapper{}, fmt.Errorf("%w: it has no %s", hsm.ErrMechanism, m)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return one(f.content.Wrappers, r)
}

// Unwrap unwraps a private key, if it is the public key's.
func (f *File) Unwrap(_ context.Context, u hsm.Unwrapping) (hsm.Attributes, error) {
	if err := u.Check(); err != nil {
		return hsm.Attributes{}, err
	}
	w, err := f.wrapper(u.With, u.Mechanism)
	if err != nil {
		return hsm.Attributes{}, err
	}
	der, err := unwrapPad(w.Value, u.Wrapped)
	if err != nil {
		return hsm.Attributes{}, err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	signer, is := private.(crypto.Signer)
	if err != nil || !is {
		return hsm.Attributes{}, fmt.Errorf("%w: what was wrapped is no private key", hsm.ErrInvalid)
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil || !slices.Equal(spki, u.Public) {
		return hsm.Attributes{}, fmt.Errorf("%w: the wrapped key is not the public key's", hsm.ErrInvalid)
	}
	return f.add(pair{Label: u.Label, ID: u.ID, PKCS8: der, Custody: u.Custody, Imported: true})
}

// PutObject writes a data object.
func (f *File) PutObject(_ context.Context, label string, value []byte) error {
	if err := hsm.CheckLabel(label); err != nil {
		return err
	}
	if len(value) < 1 || len(value) > hsm.MaxObject {
		return fmt.Errorf("%w: a data object of %d bytes; 1 to %d are possible", hsm.ErrInvalid, len(value), hsm.MaxObject)
	}
	return f.change(func(c *content) error {
		if c.Objects == nil {
			c.Objects = map[string][]byte{}
		}
		c.Objects[label] = slices.Clone(value)
		return nil
	})
}

// GetObject reads a data object.
func (f *File) GetObject(_ context.Context, label string) ([]byte, error) {
	if err := hsm.CheckLabel(label); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	value, there := f.content.Objects[label]
	if !there {
		return nil, fmt.Errorf("%w: %q", hsm.ErrNoObject, label)
	}
	return slices.Clone(value), nil
}

// DeleteObject deletes a data object.
func (f *File) DeleteObject(_ context.Context, label string) error {
	if err := hsm.CheckLabel(label); err != nil {
		return err
	}
	return f.change(func(c *content) error {
		if _, there := c.Objects[label]; !there {
			return fmt.Errorf("%w: %q", hsm.ErrNoObject, label)
		}
		delete(c.Objects, label)
		return nil
	})
}
