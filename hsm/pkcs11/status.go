package pkcs11

import (
	"context"

	"stellad/hsm"
)

// Status is from memory: it does not call the module.
func (m *Module) Status(context.Context) (hsm.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := hsm.Status{
		Backend: "pkcs11", Module: m.config.Module, Library: m.library, Sessions: m.config.Sessions,
		Signatures: m.signatures.Load(), Reconnects: m.reconnects.Load(),
	}
	if m.cause != nil {
		s.LastError = m.cause.Error()
	}
	if e := m.live; e != nil {
		token := e.token
		s.Token, s.Mechanisms, s.LoggedIn, s.SessionsHung = &token, e.names(), true, e.hung(0)
	}
	return s, nil
}

// Tokens lists the slots' tokens: as they are, or, while the module is out of service, as they were last seen.
func (m *Module) Tokens(ctx context.Context) ([]hsm.Token, error) {
	if _, err := m.current(); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.tokens, nil
	}
	return do(ctx, m, func(s *session) ([]hsm.Token, error) {
		tokens, err := m.look()
		for i := range tokens {
			tokens[i].Selected = tokens[i].Slot == uint64(s.slot)
		}
		return tokens, err
	})
}
