package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// CreateWrapping makes an AES-256 key, of value where that is not empty.
func (m *Module) CreateWrapping(ctx context.Context, label string, value []byte) (hsm.Attributes, error) {
	if err := hsm.CheckLabel(label); err != nil {
		return hsm.Attributes{}, err
	}
	if len(value) != 0 && len(value) != hsm.WrapKeyLen {
		return hsm.Attributes{}, fmt.Errorf("%w: a wrapping key of %d bytes", hsm.ErrInvalid, len(value))
	}
	return writing(ctx, m, func(s *session) (hsm.Attributes, error) {
		if err := s.unused(label); err != nil {
			return hsm.Attributes{}, err
		}
		h, err := s.makeWrapping(label, value)
		if err != nil {
			return hsm.Attributes{}, err
		}
		o, err := s.identify(h, pkcs11.CKO_SECRET_KEY)
		if err != nil {
			return hsm.Attributes{}, err
		}
		a, err := s.attributes(o)
		if err == nil && (!a.Sensitive || a.Extractable || !a.Wrap || !a.Unwrap || a.Decrypt) {
			_ = s.m.ctx.DestroyObject(s.handle, h)
			return a, fmt.Errorf("%w: the wrapping key is not as asked for", hsm.ErrMechanism)
		}
		return a, err
	})
}

func (s *session) makeWrapping(label string, value []byte) (pkcs11.ObjectHandle, error) {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it does not fail
	template := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_WRAP, true), pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, true),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, false), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, false), pkcs11.NewAttribute(pkcs11.CKA_VERIFY, false),
	}
	if len(value) > 0 {
		return s.m.ctx.CreateObject(s.handle, append(template,
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
			pkcs11.NewAttribute(pkcs11.CKA_VALUE, value)))
	}
	if err := s.need(pkcs11.CKM_AES_KEY_GEN); err != nil {
		return 0, err
	}
	return s.m.ctx.GenerateKey(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)},
		append(template, pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, hsm.WrapKeyLen)))
}

// Wrap wraps a key that was made escrowable. It is asked of the key here, and not left to the module.
func (m *Module) Wrap(ctx context.Context, with, target hsm.Reference, mechanism hsm.Mechanism) ([]byte, error) {
	if err := errors.Join(with.Check(), target.Check(), mechanism.Check()); err != nil {
		return nil, err
	}
	return do(ctx, m, func(s *session) ([]byte, error) {
		if err := s.need(wrapping(mechanism)); err != nil {
			return nil, err
		}
		wrapper, err := s.one(with, pkcs11.CKO_SECRET_KEY)
		if err != nil {
			return nil, err
		}
		o, err := s.one(target, pkcs11.CKO_PRIVATE_KEY)
		if err != nil {
			return nil, err
		}
		if extractable, _, err := s.flag(o.handle, pkcs11.CKA_EXTRACTABLE); err != nil {
			return nil, err
		} else if !extractable {
			return nil, fmt.Errorf("%w: %v is not escrowable", hsm.ErrNotPermitted, target)
		}
		return s.m.ctx.WrapKey(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(wrapping(mechanism), nil)}, wrapper.handle, o.handle)
	})
}

// Unwrap unwraps a private key, adds its public key, and has it sign. A crash before that leaves a key of the label that
// was never shown to be the public key's: its first signature will.
func (m *Module) Unwrap(ctx context.Context, u hsm.Unwrapping) (hsm.Attributes, error) {
	if err := u.Check(); err != nil {
		return hsm.Attributes{}, err
	}
	public, err := hsm.ParsePublic(u.Public)
	if err != nil {
		return hsm.Attributes{}, err
	}
	return writing(ctx, m, func(s *session) (hsm.Attributes, error) {
		if err := s.need(wrapping(u.Mechanism)); err != nil {
			return hsm.Attributes{}, err
		}
		if err := s.unused(u.Label); err != nil {
			return hsm.Attributes{}, err
		}
		wrapper, err := s.one(u.With, pkcs11.CKO_SECRET_KEY)
		if err != nil {
			return hsm.Attributes{}, err
		}
		return s.unwrap(wrapper.handle, u, public)
	})
}

func (s *session) unwrap(wrapper pkcs11.ObjectHandle, u hsm.Unwrapping, public crypto.PublicKey) (hsm.Attributes, error) {
	r := hsm.Reference{Label: u.Label, ID: u.ID, Public: u.Public}
	kind, parts := publicParts(public)
	template := append(privateTemplate(r, u.Custody),
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind))
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(wrapping(u.Mechanism), nil)}
	private, err := s.m.ctx.UnwrapKey(s.handle, mechanism, wrapper, u.Wrapped, template)
	if oneOf(err, []pkcs11.Error{pkcs11.CKR_TEMPLATE_INCOMPLETE}) {
		private, err = s.m.ctx.UnwrapKey(s.handle, mechanism, wrapper, u.Wrapped,
			append(template, pkcs11.NewAttribute(ckaNSSDB, u.ID)))
	}
	if err != nil {
		return hsm.Attributes{}, notAKey(err)
	}
	template = append(append(publicTemplate(r), parts...),
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind))
	other, err := s.m.ctx.CreateObject(s.handle, template)
	if err == nil {
		var a hsm.Attributes
		if a, err = s.readRecovered(private, u, public); err == nil {
			return a, nil
		}
		_ = s.m.ctx.DestroyObject(s.handle, other)
	}
	_ = s.m.ctx.DestroyObject(s.handle, private)
	return hsm.Attributes{}, err
}

// readRecovered has a key that was unwrapped sign, and reads its attributes back. What the token gives away is refused; a
// key that may do more than sign is told of, and kept: it may be the only one there is. NSS lets such keys derive.
func (s *session) readRecovered(h pkcs11.ObjectHandle, u hsm.Unwrapping, public crypto.PublicKey) (hsm.Attributes, error) {
	r := hsm.Reference{Label: u.Label, ID: u.ID, Public: u.Public}
	if err := s.prove(&bound{private: h, public: public}, r); err != nil {
		return hsm.Attributes{}, err
	}
	a, err := s.attributes(object{handle: h, class: pkcs11.CKO_PRIVATE_KEY, ref: r})
	if err != nil {
		return a, err
	}
	if !a.Private || !a.Sensitive || a.Extractable != bool(u.Custody) {
		return a, fmt.Errorf("%w: the key that it unwrapped is not as asked for: private %t, sensitive %t, extractable %t",
			hsm.ErrMechanism, a.Private, a.Sensitive, a.Extractable)
	}
	if a.Decrypt || a.Unwrap || a.Derive {
		a.Doubts = append(a.Doubts, "it may do more than sign, though that was not asked for")
	}
	return a, nil
}

// ckaNSSDB is what NSS wants of a private key that it did not make, beside what the standard has.
const ckaNSSDB = 0xD5A0DB00

// notAKey is what CKR_GENERAL_ERROR means of bytes that came from outside: SoftHSM says so of a wrapped key that was
// changed.
func notAKey(err error) error {
	if oneOf(err, []pkcs11.Error{pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_DEVICE_ERROR}) {
		return fmt.Errorf("%w: the wrapped key does not open with the wrapping key (%s)", hsm.ErrInvalid, err.Error())
	}
	return err
}

// prove has a key sign, and verifies.
func (s *session) prove(k *bound, r hsm.Reference) error {
	challenge := hsm.Signing{Key: r, Input: make([]byte, 32), Hash: crypto.SHA256}
	_, _ = rand.Read(challenge.Input) // it does not fail
	signature, err := s.sign(k, challenge)
	if err != nil {
		return err
	}
	if !verifies(k.public, challenge, signature) {
		return fmt.Errorf("%w: the wrapped key is not the public key's", hsm.ErrInvalid)
	}
	return nil
}

// publicParts are the key type and the attributes of a public key.
func publicParts(public crypto.PublicKey) (kind uint, parts []*pkcs11.Attribute) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		point, _ := k.Bytes() // it was parsed: it is on its curve
		params := paramsP256
		if k.Curve.Params().BitSize == 384 {
			params = paramsP384
		}
		return pkcs11.CKK_EC, append(ecParams(params), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, wrapPoint(point)))
	case ed25519.PublicKey:
		return ckkEdwards, append(ecParams(paramsEdwards), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, wrapPoint(k)))
	case *rsa.PublicKey:
		return pkcs11.CKK_RSA, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS, k.N.Bytes()),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(k.E)).Bytes()),
		}
	}
	return 0, nil
}
