package pkcs11

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// pairKinds is how each kind of pair is made: by which mechanism, with what in the public template, and by which
// mechanism it signs.
var pairKinds = map[hsm.Algorithm]struct {
	makes, signs uint
	parameters   []*pkcs11.Attribute
}{
	hsm.ECDSAP256: {pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKM_ECDSA, ecParams(paramsP256)},
	hsm.ECDSAP384: {pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKM_ECDSA, ecParams(paramsP384)},
	hsm.Ed25519:   {ckmEdwardsKeyPairGen, ckmEdDSA, ecParams(paramsEdwards)},
	hsm.RSA3072:   {pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.CKM_RSA_PKCS_PSS, rsaSize(3072)},
	hsm.RSA4096:   {pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.CKM_RSA_PKCS_PSS, rsaSize(4096)},
}

func ecParams(params []byte) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, params)}
}

func rsaSize(bits int) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
	}
}

// Generate makes a pair of a new label with a random CKA_ID of 16 bytes. A crash between the module's act and the answer
// leaves a good key of that label, unless its attributes are wrong: Keys shows them.
func (m *Module) Generate(ctx context.Context, t hsm.Template) (hsm.Attributes, error) {
	if err := t.Check(); err != nil {
		return hsm.Attributes{}, err
	}
	return writing(ctx, m, func(s *session) (hsm.Attributes, error) {
		kind := pairKinds[t.Algorithm]
		if err := s.need(kind.makes, kind.signs); err != nil {
			return hsm.Attributes{}, err
		}
		if err := s.unused(t.Label); err != nil {
			return hsm.Attributes{}, err
		}
		id := make([]byte, 16)
		_, _ = rand.Read(id) // it does not fail
		r := hsm.Reference{Label: t.Label, ID: id}
		public, private, err := s.m.ctx.GenerateKeyPair(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(kind.makes, nil)},
			append(publicTemplate(r), kind.parameters...), privateTemplate(r, t.Custody))
		if err != nil {
			return hsm.Attributes{}, err
		}
		a, err := s.readBack(private, t, s.mechanisms[kind.makes])
		if err != nil {
			_ = s.m.ctx.DestroyObject(s.handle, private) // what fails here, the listing shows
			_ = s.m.ctx.DestroyObject(s.handle, public)
		}
		return a, err
	})
}

// writing is do with no other call that makes or destroys objects beside it.
func writing[T any](ctx context.Context, m *Module, fn func(*session) (T, error)) (T, error) {
	var none T
	select {
	case m.writer <- struct{}{}:
	case <-ctx.Done():
		return none, fmt.Errorf("%w: another call changes the token: %w", hsm.ErrUnavailable, ctx.Err())
	}
	return do(ctx, m, fn, func() { <-m.writer })
}

// unused is ErrExists where a key has the label: the token itself would take another.
func (s *session) unused(label string) error {
	for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY, pkcs11.CKO_SECRET_KEY} {
		found, err := s.find(pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%w: %q", hsm.ErrExists, label)
		}
	}
	return nil
}

// publicTemplate does not say what the public key is for: signatures are verified here. tpm2-pkcs11 makes no pair where
// CKA_VERIFY is true beside a CKA_DECRYPT that is false.
func publicTemplate(r hsm.Reference) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, r.Label),
		pkcs11.NewAttribute(pkcs11.CKA_ID, r.ID),
	}
}

// privateTemplate says what a private key may do: sign. What is left out is often true by default.
func privateTemplate(r hsm.Reference, c hsm.Custody) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, r.Label), pkcs11.NewAttribute(pkcs11.CKA_ID, r.ID),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, c == hsm.Escrowable),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, false),
		pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, false), pkcs11.NewAttribute(pkcs11.CKA_DERIVE, false),
	}
}

// readBack reads a new key's attributes and refuses one that the token would give away or use for something else.
//
// CKA_LOCAL has to be true of a key that C_GenerateKeyPair made (PKCS#11 2.40 §4.4). NSS says false of every key. The key
// was made here by this very call, so that is a doubt and no refusal; but of a module that makes keys in hardware (CKF_HW)
// it is not believed.
func (s *session) readBack(h pkcs11.ObjectHandle, t hsm.Template, made pkcs11.MechanismInfo) (hsm.Attributes, error) {
	o, err := s.identify(h, pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return hsm.Attributes{}, err
	}
	a, err := s.attributes(o)
	if err != nil {
		return a, err
	}
	if !a.Local {
		a.Doubts = append(a.Doubts, "CKA_LOCAL is false, though the token made it")
	}
	confined := t.Custody == hsm.Confined
	for _, c := range []struct {
		holds bool
		what  string
	}{
		{a.Algorithm == t.Algorithm, fmt.Sprintf("it is of algorithm %q", a.Algorithm)},
		{a.Private, "CKA_PRIVATE is false"},
		{a.Sensitive, "CKA_SENSITIVE is false"},
		{a.AlwaysSensitive, "CKA_ALWAYS_SENSITIVE is false"},
		{a.Extractable == !confined, fmt.Sprintf("CKA_EXTRACTABLE is %t", a.Extractable)},
		{a.NeverExtractable == confined, fmt.Sprintf("CKA_NEVER_EXTRACTABLE is %t", a.NeverExtractable)},
		{a.Sign, "CKA_SIGN is false"},
		{!a.Decrypt && !a.Unwrap && !a.Derive, "it does more than sign"},
		{a.Local || made.Flags&pkcs11.CKF_HW == 0, "CKA_LOCAL is false in hardware"},
	} {
		if !c.holds {
			return a, fmt.Errorf("%w: the key that it made is not as asked for: %s", hsm.ErrMechanism, c.what)
		}
	}
	return a, nil
}
