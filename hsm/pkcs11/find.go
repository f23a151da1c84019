package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// bound is a key that was found, with its handle in this epoch.
type bound struct {
	private pkcs11.ObjectHandle
	public  crypto.PublicKey
	proven  atomic.Bool // a signature of it verified
}

// known are the keys that were found, by their references' key(). A handle that was found before a session died may have
// died with it: it is not taken in after that.
type known struct {
	mu     sync.RWMutex
	deaths int // of sessions, so far
	byName map[string]*bound
}

// get returns a key, or nil, and how many sessions have died.
func (k *known) get(name string) (*bound, int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byName[name], k.deaths
}

// put takes in what was found when so many had died.
func (k *known) put(name string, b *bound, deaths int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.deaths == deaths {
		k.byName[name] = b
	}
}

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deaths++
	clear(k.byName)
}

// key is a reference as a map has it.
func key(r hsm.Reference) string { return r.Label + "\x00" + string(r.ID) + "\x00" + string(r.Public) }

// object is one that was found, with what tells it apart.
type object struct {
	handle pkcs11.ObjectHandle
	class  uint
	ref    hsm.Reference // Public where one public key of the token has its label and ID
	doubts []string
}

// bind finds a key to sign with.
func (s *session) bind(r hsm.Reference, public crypto.PublicKey) (*bound, error) {
	name := key(r)
	k, deaths := s.keys.get(name)
	if k != nil {
		return k, nil
	}
	found, err := s.one(r, pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return nil, err
	}
	k = &bound{private: found.handle, public: public}
	s.keys.put(name, k, deaths)
	return k, nil
}

// one finds the one object of a class that r means.
func (s *session) one(r hsm.Reference, classes ...uint) (object, error) {
	var fit []object
	for _, class := range classes {
		some, err := s.matching(r, class)
		if err != nil {
			return object{}, err
		}
		fit = append(fit, some...)
	}
	switch len(fit) {
	case 0:
		return object{}, fmt.Errorf("%w: %v", hsm.ErrNoKey, r)
	case 1:
		return fit[0], nil
	}
	return object{}, fmt.Errorf("%w: %d are %v", hsm.ErrAmbiguous, len(fit), r)
}

func (s *session) matching(r hsm.Reference, class uint) ([]object, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true)}
	if r.Label != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, r.Label))
	}
	if len(r.ID) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, r.ID))
	}
	handles, err := s.find(template...)
	if err != nil {
		return nil, err
	}
	var fit []object
	for _, h := range handles {
		o, err := s.identify(h, class)
		if err != nil {
			return nil, err
		}
		// A private key without a public one may be meant: its first signature tells.
		if len(r.Public) == 0 || o.ref.Public == nil || bytes.Equal(o.ref.Public, r.Public) {
			fit = append(fit, o)
		}
	}
	return fit, nil
}

// identify reads what tells an object from others.
func (s *session) identify(h pkcs11.ObjectHandle, class uint) (object, error) {
	o := object{handle: h, class: class}
	label, err := s.bytes(h, pkcs11.CKA_LABEL)
	if err != nil {
		return o, err
	}
	o.ref.Label = string(label)
	if o.ref.ID, err = s.bytes(h, pkcs11.CKA_ID); err != nil || class != pkcs11.CKO_PRIVATE_KEY {
		return o, err
	}
	publics, err := s.publicsOf(o.ref)
	if err != nil {
		return o, err
	}
	switch len(publics) {
	case 0:
		o.doubts = append(o.doubts, "the token has no public key beside it")
	case 1:
		public, err := s.public(publics[0])
		if err != nil {
			o.doubts = append(o.doubts, "its public key can't be used: "+err.Error())
			return o, onlyDead(err)
		}
		o.ref.Public, err = x509.MarshalPKIXPublicKey(public)
		return o, err
	default:
		o.doubts = append(o.doubts, fmt.Sprintf("%d public keys of the token have its label and ID", len(publics)))
	}
	return o, nil
}

// onlyDead keeps an error that another session would not have.
func onlyDead(err error) error {
	if dead(err) {
		return err
	}
	return nil
}

// publicsOf finds the public keys of a label and an ID.
func (s *session) publicsOf(r hsm.Reference) ([]pkcs11.ObjectHandle, error) {
	return s.find(
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, r.Label), pkcs11.NewAttribute(pkcs11.CKA_ID, r.ID))
}

// public reads a public key.
func (s *session) public(h pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	kind, err := s.number(h, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	first, second, read := uint(pkcs11.CKA_EC_PARAMS), uint(pkcs11.CKA_EC_POINT), ecPublic
	switch kind {
	case pkcs11.CKK_EC, ckkEdwards:
	case pkcs11.CKK_RSA:
		first, second, read = pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT, rsaPublic
	default:
		return nil, errNotUsed
	}
	a, err := s.bytes(h, first)
	if err != nil {
		return nil, err
	}
	b, err := s.bytes(h, second)
	if err != nil {
		return nil, err
	}
	return read(a, b)
}
