package hsm

import (
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"io"
	"slices"

	"stellad/hsm/hsmpb"
)

// A Key is a private key of the token, as a crypto.Signer. It outlives restarts of stellad-hsm and of the token. It may
// be used by any number of goroutines.
type Key struct {
	client     *Client
	attributes Attributes
	public     crypto.PublicKey
}

// Public returns an *ecdsa.PublicKey, an ed25519.PublicKey or an *rsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Attributes are those of when the key was found; after Client.Use, label, ID, public key and algorithm alone.
func (k *Key) Attributes() Attributes { return k.attributes }

// Reference means this key and no other.
func (k *Key) Reference() Reference { return k.attributes.Reference() }

// Sign is SignContext with SignLimit. The token has its own random numbers: the reader is not read.
func (k *Key) Sign(_ io.Reader, input []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.SignContext(context.Background(), input, opts)
}

// SignContext signs a digest of opts' hash (SHA-256, SHA-384 or SHA-512), or with Ed25519 a message of at most MaxObject
// bytes, opts' hash being 0. An ECDSA signature is DER (RFC 3279 §2.2.3), an Ed25519 one 64 bytes (RFC 8032 §5.1.6). RSA
// signs by PSS with a salt as long as the digest (RFC 8017 §8.1), so opts is an *rsa.PSSOptions.
//
// Errors are ErrUnavailable, by ctx's deadline or SignLimit; ErrPIN, ErrNoKey, ErrAmbiguous, ErrMechanism,
// ErrNotPermitted and ErrInvalid; and ctx's own where it was cancelled.
func (k *Key) SignContext(ctx context.Context, input []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := k.sign(ctx, input, opts)
	if err != nil {
		return nil, fmt.Errorf("sign with %v: %w", k.Reference(), err)
	}
	return signature, nil
}

func (k *Key) sign(ctx context.Context, input []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := CheckInput(k.public, input, opts.HashFunc()); err != nil {
		return nil, err
	}
	if err := checkPadding(k.public, opts); err != nil {
		return nil, err
	}
	ctx, cancel := within(ctx, SignLimit)
	defer cancel()
	return k.client.line.sign(ctx, &hsmpb.SignRequest_Call{
		Key: k.Reference().Proto(), Input: slices.Clone(input), Hash: NameOf(opts.HashFunc()),
	})
}

func checkPadding(public crypto.PublicKey, opts crypto.SignerOpts) error {
	if _, is := public.(*rsa.PublicKey); !is {
		return nil
	}
	pss, is := opts.(*rsa.PSSOptions)
	if !is {
		return fmt.Errorf("%w: RSA signs by PSS here, and *rsa.PSSOptions are to be given", ErrInvalid)
	}
	switch pss.SaltLength {
	case rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, pss.HashFunc().Size():
		return nil
	}
	return fmt.Errorf("%w: the salt of PSS is as long as the digest here, not %d bytes", ErrInvalid, pss.SaltLength)
}
