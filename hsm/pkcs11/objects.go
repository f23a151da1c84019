package pkcs11

import (
	"context"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// application is the CKA_APPLICATION of our data objects: those of others are left alone.
const application = "stella"

func (s *session) dataObjects(label string) ([]pkcs11.ObjectHandle, error) {
	return s.find(pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_DATA), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_APPLICATION, application), pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
}

func (s *session) dataObject(label string) (pkcs11.ObjectHandle, error) {
	found, err := s.dataObjects(label)
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, fmt.Errorf("%w: %q", hsm.ErrNoObject, label)
	case len(found) > 1:
		return 0, fmt.Errorf("%w: %d data objects are %q", hsm.ErrAmbiguous, len(found), label)
	}
	return found[0], nil
}

// PutObject writes a data object: the value of the one that is there is replaced, which a module does whole or not at
// all; where none is there, or it can't be changed, one is made, and only then the old one destroyed. A crash between
// these leaves two, the old and the new, and the next PutObject one.
func (m *Module) PutObject(ctx context.Context, label string, value []byte) error {
	if err := hsm.CheckLabel(label); err != nil {
		return err
	}
	if len(value) < 1 || len(value) > hsm.MaxObject {
		return fmt.Errorf("%w: a data object of %d bytes; 1 to %d are possible", hsm.ErrInvalid, len(value), hsm.MaxObject)
	}
	_, err := writing(ctx, m, func(s *session) (struct{}, error) { return struct{}{}, s.putObject(label, value) })
	return err
}

func (s *session) putObject(label string, value []byte) error {
	old, err := s.dataObjects(label)
	if err != nil {
		return err
	}
	if len(old) == 1 {
		err = s.m.ctx.SetAttributeValue(s.handle, old[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, value)})
		if err == nil || dead(err) {
			return err
		}
	}
	_, err = s.m.ctx.CreateObject(s.handle, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_DATA), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_APPLICATION, application),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_VALUE, value),
	})
	for _, h := range old {
		if err == nil {
			err = s.m.ctx.DestroyObject(s.handle, h)
		}
	}
	return err
}

// GetObject reads a data object.
func (m *Module) GetObject(ctx context.Context, label string) ([]byte, error) {
	if err := hsm.CheckLabel(label); err != nil {
		return nil, err
	}
	return do(ctx, m, func(s *session) ([]byte, error) {
		h, err := s.dataObject(label)
		if err != nil {
			return nil, err
		}
		value, err := s.bytes(h, pkcs11.CKA_VALUE)
		if err == nil && len(value) > hsm.MaxObject {
			err = errors.New("a data object that is none of ours: it is too large")
		}
		return value, err
	})
}

// DeleteObject deletes a data object.
func (m *Module) DeleteObject(ctx context.Context, label string) error {
	if err := hsm.CheckLabel(label); err != nil {
		return err
	}
	_, err := writing(ctx, m, func(s *session) (struct{}, error) {
		h, err := s.dataObject(label)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.m.ctx.DestroyObject(s.handle, h)
	})
	return err
}
