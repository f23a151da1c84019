package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// Keys lists all private and secret keys of the token, by label and ID.
func (m *Module) Keys(ctx context.Context) ([]hsm.Attributes, error) {
	return do(ctx, m, func(s *session) ([]hsm.Attributes, error) {
		var all []hsm.Attributes
		for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_SECRET_KEY} {
			found, err := s.matching(hsm.Reference{}, class)
			if err != nil {
				return nil, err
			}
			for _, o := range found {
				a, err := s.attributes(o)
				if err != nil {
					return nil, err
				}
				all = append(all, a)
			}
		}
		slices.SortFunc(all, func(a, b hsm.Attributes) int { return strings.Compare(key(a.Reference()), key(b.Reference())) })
		return all, nil
	})
}

// Find finds the one private key that r means.
func (m *Module) Find(ctx context.Context, r hsm.Reference) (hsm.Attributes, error) {
	if err := r.Check(); err != nil {
		return hsm.Attributes{}, err
	}
	return do(ctx, m, func(s *session) (hsm.Attributes, error) {
		o, err := s.one(r, pkcs11.CKO_PRIVATE_KEY)
		if err != nil {
			return hsm.Attributes{}, err
		}
		return s.attributes(o)
	})
}

// Destroy destroys the one key that r means. The private key goes first: a crash between the two leaves a public key
// alone, which the label's next Generate refuses and the next Destroy removes.
func (m *Module) Destroy(ctx context.Context, r hsm.Reference) error {
	if err := r.Check(); err != nil {
		return err
	}
	_, err := writing(ctx, m, func(s *session) (struct{}, error) {
		o, err := s.one(r, pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_SECRET_KEY)
		if errors.Is(err, hsm.ErrNoKey) {
			return struct{}{}, s.destroyPublic(r, err)
		}
		if err != nil {
			return struct{}{}, err
		}
		s.keys.forget()
		if err := s.m.ctx.DestroyObject(s.handle, o.handle); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.destroyPublic(o.ref, nil)
	})
	return err
}

// destroyPublic destroys the public keys of r, which has no private one any more: none is the error given.
func (s *session) destroyPublic(r hsm.Reference, none error) error {
	found, err := s.matching(hsm.Reference{Label: r.Label, ID: r.ID}, pkcs11.CKO_PUBLIC_KEY)
	if err != nil || len(found) == 0 {
		return errors.Join(err, none)
	}
	if len(found) > 1 {
		return fmt.Errorf("%w: %d public keys are %v", hsm.ErrAmbiguous, len(found), r)
	}
	return s.m.ctx.DestroyObject(s.handle, found[0].handle)
}
