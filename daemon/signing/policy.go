package signing

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"stellad/audit"
	"stellad/hsm"
	"stellad/keys"
)

// SignPolicy has a policy key sign a bundle of policies: the only active one where key is empty. Request is the SHA-256 of
// what is to be signed. carryOut signs, keeps what it signed, and writes the record, a bundle with the intent's seq: after
// that nothing is left open. Errors wrap keys.ErrUnknown, keys.ErrRole and keys.ErrState, and are hsm's, the journal's and
// carryOut's.
func (s *Service) SignPolicy(ctx context.Context, act audit.Record, key, request string, carryOut func(signer crypto.Signer, keySHA256 string, intent uint64) error) error {
	e, err := s.policyKey(key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hsm.CallLimit)
	defer cancel()
	s.signing.RLock()
	defer s.signing.RUnlock()
	signer, err := s.keys.Signer(e)
	if err != nil {
		return keys.Lost(err)
	}
	act.Target = "sha256:" + request
	draft := act
	draft.Type, draft.V, draft.Outcome = "intent", 1, "ok"
	rec, err := s.journal.Write(ctx, draft, audit.Intent{Act: "sign", By: e.SHA256(), Request: request, Statement: request}, nil)
	if err != nil {
		s.left.Store(true)
		return err
	}
	if err := carryOut(withContext(ctx, signer), e.SHA256(), rec.Seq); err != nil {
		return errors.Join(fmt.Errorf("sign a policy bundle: %w", keys.Lost(err)), s.abandon(ctx, act, rec.Seq))
	}
	return nil
}

func (s *Service) policyKey(name string) (keys.Entry, error) {
	if name != "" {
		e, err := s.keys.Find(name)
		switch {
		case err != nil:
			return e, err
		case e.Role != keys.Policy:
			return e, fmt.Errorf("sign a policy bundle: %w: %s is a key for %s", keys.ErrRole, e.Label, e.Role)
		case e.State() != keys.Active:
			return e, fmt.Errorf("sign a policy bundle: %w: %s is %s", keys.ErrState, e.Label, e.State())
		}
		return e, nil
	}
	return s.keys.TheActive(keys.Policy)
}
