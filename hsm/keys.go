package hsm

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"stellad/hsm/hsmpb"
)

// Generate makes a key pair that signs and does nothing else. Its attributes are read back before the call returns, and a
// key that the token would give away is destroyed: ErrMechanism. ErrExists where a key has the label. GenerateLimit.
func (c *Client) Generate(ctx context.Context, t Template) (*Key, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	res, err := call(ctx, GenerateLimit, c.rpc.GenerateKey, &hsmpb.GenerateKeyRequest{
		Label: t.Label, Algorithm: string(t.Algorithm), Escrowable: bool(t.Custody),
	}, "generate key", t.Label)
	if err != nil {
		return nil, err
	}
	return c.keyOf(AttributesOf(res.GetKey()))
}

// Keys lists all keys of the token, also those that this package can't use. Order is the label's, then the ID's.
func (c *Client) Keys(ctx context.Context) ([]Attributes, error) {
	res, err := call(ctx, CallLimit, c.rpc.ListKeys, &hsmpb.ListKeysRequest{}, "list", "keys")
	var keys []Attributes
	for _, k := range res.GetKeys() {
		keys = append(keys, AttributesOf(k))
	}
	return keys, err
}

// Find finds the one key that ref means, to sign with: ErrNoKey, ErrAmbiguous; ErrInvalid for one that can't sign here.
func (c *Client) Find(ctx context.Context, ref Reference) (*Key, error) {
	if err := ref.Check(); err != nil {
		return nil, err
	}
	res, err := call(ctx, CallLimit, c.rpc.FindKey, &hsmpb.FindKeyRequest{Key: ref.Proto()}, "find", ref)
	if err != nil {
		return nil, err
	}
	return c.keyOf(AttributesOf(res.GetKey()))
}

// Use gives the key of a public key without asking the token: for one that was recorded when it was made. All of ref is
// set, else ErrInvalid. Whether the token has it is found at the first signature.
func (c *Client) Use(ref Reference) (*Key, error) {
	if err := ref.Check(); err != nil {
		return nil, err
	}
	return c.keyOf(Attributes{Label: ref.Label, ID: ref.ID, Public: ref.Public})
}

// Destroy destroys a key, for good, with its public key: ErrNoKey, ErrAmbiguous.
func (c *Client) Destroy(ctx context.Context, ref Reference) error {
	if err := ref.Check(); err != nil {
		return err
	}
	_, err := call(ctx, CallLimit, c.rpc.DestroyKey, &hsmpb.DestroyKeyRequest{Key: ref.Proto()}, "destroy", ref)
	return err
}

// GenerateWrapping makes an AES-256 key in the token that wraps and unwraps, and nothing else: ErrExists, ErrMechanism.
func (c *Client) GenerateWrapping(ctx context.Context, label string) (Attributes, error) {
	return c.createWrapping(ctx, label, nil)
}

// ImportWrapping puts an AES-256 key of WrapKeyLen bytes into the token, which wraps and unwraps and does nothing else.
// The value passes through this process and stellad-hsm; the caller erases its own copy. ErrExists, ErrMechanism.
func (c *Client) ImportWrapping(ctx context.Context, label string, value []byte) (Attributes, error) {
	if len(value) != WrapKeyLen {
		return Attributes{}, fmt.Errorf("%w: a wrapping key of %d bytes", ErrInvalid, len(value))
	}
	return c.createWrapping(ctx, label, value)
}

func (c *Client) createWrapping(ctx context.Context, label string, value []byte) (Attributes, error) {
	if err := CheckLabel(label); err != nil {
		return Attributes{}, err
	}
	res, err := call(ctx, CallLimit, c.rpc.CreateWrappingKey,
		&hsmpb.CreateWrappingKeyRequest{Label: label, Value: value}, "create wrapping key", label)
	return AttributesOf(res.GetKey()), err
}

// Wrap takes a private key out of the token, as PKCS#8 encrypted under a wrapping key. ErrNotPermitted where it is not
// Escrowable: also where the module would do it (NSS does).
func (c *Client) Wrap(ctx context.Context, with, key Reference, m Mechanism) ([]byte, error) {
	if err := errors.Join(with.Check(), key.Check(), m.Check()); err != nil {
		return nil, err
	}
	res, err := call(ctx, CallLimit, c.rpc.WrapKey,
		&hsmpb.WrapKeyRequest{With: with.Proto(), Key: key.Proto(), Mechanism: string(m)}, "wrap", key)
	return res.GetWrapped(), err
}

// Unwrap puts a wrapped private key into the token. It signs before the call returns, and is destroyed where that does
// not verify with the public key given: ErrInvalid. ErrExists where a key has the label.
func (c *Client) Unwrap(ctx context.Context, u Unwrapping) (*Key, error) {
	if err := u.Check(); err != nil {
		return nil, err
	}
	res, err := call(ctx, CallLimit, c.rpc.UnwrapKey, &hsmpb.UnwrapKeyRequest{
		With: u.With.Proto(), Wrapped: u.Wrapped, Mechanism: string(u.Mechanism),
		Label: u.Label, Id: u.ID, PublicKey: u.Public, Escrowable: bool(u.Custody),
	}, "unwrap key", u.Label)
	if err != nil {
		return nil, err
	}
	return c.keyOf(AttributesOf(res.GetKey()))
}

func (c *Client) keyOf(a Attributes) (*Key, error) {
	public, err := ParsePublic(a.Public)
	if err != nil {
		return nil, err
	}
	a.Algorithm = AlgorithmOf(public)
	return &Key{client: c, attributes: a, public: public}, nil
}

var _ crypto.Signer = (*Key)(nil)
