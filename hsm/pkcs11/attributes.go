package pkcs11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// bytes reads an attribute. What the object has not is empty.
func (s *session) bytes(h pkcs11.ObjectHandle, attribute uint) ([]byte, error) {
	got, err := s.m.ctx.GetAttributeValue(s.handle, h, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_ATTRIBUTE_TYPE_INVALID)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return got[0].Value, nil
}

// number reads a CK_ULONG, which has the byte order of the machine.
func (s *session) number(h pkcs11.ObjectHandle, attribute uint) (uint, error) {
	value, err := s.bytes(h, attribute)
	if err != nil || len(value) != 8 {
		return 0, errors.Join(err, onlyShort(value))
	}
	return uint(binary.NativeEndian.Uint64(value)), nil
}

func onlyShort(value []byte) error {
	if len(value) != 8 {
		return fmt.Errorf("a number of %d bytes", len(value))
	}
	return nil
}

// flag reads a CK_BBOOL; known is false where the object has none.
func (s *session) flag(h pkcs11.ObjectHandle, attribute uint) (set, known bool, err error) {
	value, err := s.bytes(h, attribute)
	return len(value) == 1 && value[0] != 0, len(value) == 1, err
}

// attributes reads a key's.
func (s *session) attributes(o object) (hsm.Attributes, error) {
	a := hsm.Attributes{Label: o.ref.Label, ID: o.ref.ID, Public: o.ref.Public, Doubts: o.doubts}
	var unknown []string
	for _, f := range []struct {
		to        *bool
		attribute uint
		name      string
		always    bool // an object without it is odd
	}{
		{&a.Private, pkcs11.CKA_PRIVATE, "CKA_PRIVATE", true},
		{&a.Sensitive, pkcs11.CKA_SENSITIVE, "CKA_SENSITIVE", true},
		{&a.AlwaysSensitive, pkcs11.CKA_ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE", true},
		{&a.Extractable, pkcs11.CKA_EXTRACTABLE, "CKA_EXTRACTABLE", true},
		{&a.NeverExtractable, pkcs11.CKA_NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE", true},
		{&a.Local, pkcs11.CKA_LOCAL, "CKA_LOCAL", true},
		{&a.Sign, pkcs11.CKA_SIGN, "CKA_SIGN", true},
		{&a.Decrypt, pkcs11.CKA_DECRYPT, "", false},
		{&a.Wrap, pkcs11.CKA_WRAP, "", false},
		{&a.Unwrap, pkcs11.CKA_UNWRAP, "", false},
		{&a.Derive, pkcs11.CKA_DERIVE, "", false},
	} {
		set, known, err := s.flag(o.handle, f.attribute)
		if err != nil {
			return a, err
		}
		*f.to = set
		if !known && f.always {
			unknown = append(unknown, f.name)
		}
	}
	if unknown != nil {
		a.Doubts = append(a.Doubts, "the token does not tell its "+strings.Join(unknown, ", "))
	}
	var err error
	a.Algorithm, err = s.algorithm(o)
	return a, err
}

func (s *session) algorithm(o object) (hsm.Algorithm, error) {
	if o.class == pkcs11.CKO_PRIVATE_KEY {
		public, err := hsm.ParsePublic(o.ref.Public)
		if err != nil {
			return "", nil // a key of others
		}
		return hsm.AlgorithmOf(public), nil
	}
	kind, err := s.number(o.handle, pkcs11.CKA_KEY_TYPE)
	if err != nil || kind != pkcs11.CKK_AES {
		return "", onlyDead(err)
	}
	if size, err := s.number(o.handle, pkcs11.CKA_VALUE_LEN); err != nil || size != hsm.WrapKeyLen {
		return "", onlyDead(err)
	}
	return hsm.AES256, nil
}
