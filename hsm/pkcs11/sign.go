package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// Sign signs on one session. The first signature by a key in an epoch is verified before it is given out: a token whose
// private key is not the public key's fails with hsm.ErrNoKey.
func (m *Module) Sign(ctx context.Context, r hsm.Signing) ([]byte, error) {
	public, err := m.check(r)
	if err != nil {
		return nil, err
	}
	return do(ctx, m, func(s *session) ([]byte, error) {
		k, err := s.bind(r.Key, public)
		if err != nil {
			return nil, err
		}
		signature, err := s.sign(k, r)
		if err != nil {
			return nil, err
		}
		if !k.proven.Load() {
			if !verifies(public, r, signature) {
				s.keys.forget()
				return nil, fmt.Errorf("%w: what %v signs does not verify with its public key", hsm.ErrNoKey, r.Key)
			}
			k.proven.Store(true)
		}
		m.signatures.Add(1)
		return signature, nil
	})
}

// check is r.Check without parsing again the public key of one that was found.
func (m *Module) check(r hsm.Signing) (crypto.PublicKey, error) {
	e, err := m.current()
	if err != nil {
		return nil, err
	}
	if k, _ := e.keys.get(key(r.Key)); k != nil {
		return k.public, hsm.CheckInput(k.public, r.Input, r.Hash)
	}
	return r.Check()
}

func (s *session) sign(k *bound, r hsm.Signing) ([]byte, error) {
	mechanism, err := s.mechanism(k.public, r.Hash)
	if err != nil {
		return nil, err
	}
	if err := s.m.ctx.SignInit(s.handle, []*pkcs11.Mechanism{mechanism}, k.private); err != nil {
		return nil, err
	}
	public, isECDSA := k.public.(*ecdsa.PublicKey)
	input := r.Input
	if isECDSA { // of a longer digest the leftmost bits are signed (FIPS 186-5 §6.4.1); not every module does that itself
		input = input[:min(len(input), public.Params().BitSize/8)]
	}
	signature, err := s.m.ctx.Sign(s.handle, input)
	if err != nil || !isECDSA {
		return signature, err
	}
	if signature, err = derSignature(signature, public.Curve); err != nil {
		return nil, fmt.Errorf("%w: %w", hsm.ErrMechanism, err)
	}
	return signature, nil
}

// The mechanism that signs with a key of this kind. There is none with a hash in it: not every module has one.
func (s *session) mechanism(public crypto.PublicKey, hash crypto.Hash) (*pkcs11.Mechanism, error) {
	switch public.(type) {
	case *ecdsa.PublicKey:
		return pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil), s.need(pkcs11.CKM_ECDSA)
	case ed25519.PublicKey:
		return pkcs11.NewMechanism(ckmEdDSA, nil), s.need(ckmEdDSA)
	}
	p := pss[hash]
	return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(p.hash, p.mask, uint(hash.Size()))),
		s.need(pkcs11.CKM_RSA_PKCS_PSS)
}

var pss = map[crypto.Hash]struct{ hash, mask uint }{
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}

func verifies(public crypto.PublicKey, r hsm.Signing, signature []byte) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, r.Input, signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, r.Input, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(public, r.Hash, r.Input, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
