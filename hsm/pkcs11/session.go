package pkcs11

import (
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// open opens the session, logged in.
func (s *session) open() error {
	h, err := s.m.ctx.OpenSession(s.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return err
	}
	s.handle = h
	if err := s.logIn(); err != nil {
		s.evict()
		return err
	}
	return nil
}

// evict closes the session, and forgets which handles the token's keys had.
func (s *session) evict() {
	s.keys.forget()
	if s.handle != 0 {
		_ = s.m.ctx.CloseSession(s.handle) // it is dead most often
		s.handle = 0
	}
}

// logIn logs the user in, where nobody did so before: the login is that of all sessions (PKCS#11 2.40 §5.6).
func (s *session) logIn() error {
	in, err := s.loggedIn()
	if in || err != nil {
		return err
	}
	s.m.login.Lock()
	defer s.m.login.Unlock()
	if s.m.refused != nil {
		return s.m.refused
	}
	if in, err = s.loggedIn(); in || err != nil {
		return err
	}
	if err := s.spare(); err != nil {
		return s.refuse(err)
	}
	err = s.m.config.PIN.use(func(pin string) error { return s.m.ctx.Login(s.handle, pkcs11.CKU_USER, pin) })
	switch {
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)):
		return nil
	case aboutPIN(err):
		return s.refuse(fmt.Errorf("%w (%w); it is not tried again", hsm.ErrPIN, err))
	}
	return err
}

// refuse has no call log in any more.
func (s *session) refuse(err error) error {
	s.m.refused = fmt.Errorf("token %q: %w", s.token.Label, err)
	s.m.fail(s.m.refused)
	return s.m.refused
}

// spare keeps the user's last try for a person.
func (s *session) spare() error {
	t, err := s.m.ctx.GetTokenInfo(s.slot)
	switch {
	case err != nil:
		return nil // C_Login will say so too
	case t.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return fmt.Errorf("%w before: it has locked the user's PIN", hsm.ErrPIN)
	case t.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return fmt.Errorf("%w before: one more wrong one would lock it, so none is tried; log in once by the vendor's tool", hsm.ErrPIN)
	}
	return nil
}

// loggedIn is by the session's state: some modules show no private object, and no fault, where nobody is logged in.
func (s *session) loggedIn() (bool, error) {
	info, err := s.m.ctx.GetSessionInfo(s.handle)
	return info.State == pkcs11.CKS_RW_USER_FUNCTIONS || info.State == pkcs11.CKS_RO_USER_FUNCTIONS, err
}

// errAnother is of a token that took the place of ours.
var errAnother = fmt.Errorf("another token is in the slot: %w", pkcs11.Error(pkcs11.CKR_TOKEN_NOT_PRESENT))

// healthy says whether the session is one that finds what there is.
func (s *session) healthy() error {
	t, err := s.m.tokenIn(s.slot)
	switch {
	case err != nil:
		return err
	case t.Serial != s.token.Serial || t.Label != s.token.Label:
		return errAnother
	}
	in, err := s.loggedIn()
	if err == nil && !in {
		return pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN)
	}
	return err
}

// find returns the handles of what matches. None is believed only of a healthy session.
func (s *session) find(template ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := s.m.ctx.FindObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	var found []pkcs11.ObjectHandle
	for {
		some, _, err := s.m.ctx.FindObjects(s.handle, findAtOnce)
		if err != nil {
			_ = s.m.ctx.FindObjectsFinal(s.handle)
			return nil, err
		}
		if len(some) == 0 {
			break
		}
		found = append(found, some...)
		if len(found) > maxObjects {
			_ = s.m.ctx.FindObjectsFinal(s.handle)
			return nil, fmt.Errorf("%w: the token has more than %d objects", hsm.ErrMechanism, maxObjects)
		}
	}
	if err := s.m.ctx.FindObjectsFinal(s.handle); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, s.healthy()
	}
	return found, nil
}

const (
	findAtOnce = 64
	maxObjects = 4096
)
