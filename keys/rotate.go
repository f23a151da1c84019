package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"stellad/audit"
	"stellad/hsm"
)

// Rotate has a new key, called newLabel, take the place of an active one, which it returns too. Old is a label or a
// SHA-256, or empty for the role's only active key. The old key signs who follows it, and the new one whom it follows;
// both stand in the log. A rotation that ended between the two records is finished by the same call again.
//
// The audit key is not rotated: an export is held to one key.
func (r *Registry) Rotate(ctx context.Context, act audit.Record, role, old, newLabel string) (from, to Entry, err error) {
	r.acting.Lock()
	defer r.acting.Unlock()
	if from, err = r.rotated(role, old); err != nil {
		return from, to, fmt.Errorf("rotate key: %w", err)
	}
	if to, err = r.successor(ctx, act, from, newLabel); err != nil {
		return from, to, err
	}
	if err := r.rotate(ctx, act, from, to); err != nil {
		return from, to, fmt.Errorf("rotate key %s: %w", from.Label, err)
	}
	from, err1 := r.Find(from.SHA256())
	to, err2 := r.Find(to.SHA256())
	return from, to, errors.Join(err1, err2)
}

// rotated finds the key that is to be replaced.
func (r *Registry) rotated(role, old string) (e Entry, err error) {
	if old == "" {
		e, err = r.TheActive(role)
	} else {
		e, err = r.Find(old)
	}
	switch {
	case err != nil:
		return e, err
	case e.Role != role:
		return e, fmt.Errorf("%w: %s is a key for %s", ErrRole, e.Label, e.Role)
	case role == Audit:
		return e, fmt.Errorf("%w: the audit key is for the log's whole life", ErrRole)
	case e.State() != Active:
		return e, fmt.Errorf("%w: %s is %s", ErrState, e.Label, e.State())
	}
	return e, nil
}

// successor makes the new key, or takes up the one that an earlier try made.
func (r *Registry) successor(ctx context.Context, act audit.Record, old Entry, label string) (Entry, error) {
	if e, err := r.Find(label); err == nil && e.Replaces == old.SHA256() && e.State() == Pending {
		return e, nil
	}
	return r.generate(ctx, act, audit.KeySpec{Label: label, Role: old.Role, Custody: old.Custody, Replaces: old.SHA256()})
}

func (r *Registry) rotate(ctx context.Context, act audit.Record, from, to Entry) error {
	body := audit.Rotation{New: to.SHA256(), Old: from.SHA256(), Time: audit.Instant(r.now().UTC().Truncate(time.Microsecond))}
	statement := body.Statement(r.name, from.Role)
	var err error
	if body.OldSays, err = r.says(ctx, from, statement); err != nil {
		return err
	}
	if body.NewSays, err = r.says(ctx, to, statement); err != nil {
		return err
	}
	_, err = r.write(ctx, act, "rotation", to.Label, body)
	return err
}

// says has a key sign a statement, and verifies that it did.
func (r *Registry) says(ctx context.Context, e Entry, statement []byte) ([]byte, error) {
	key, err := r.Signer(e)
	if err != nil {
		return nil, err
	}
	input, hash := statement, crypto.Hash(0)
	if key.Attributes().Algorithm != hsm.Ed25519 {
		digest := sha256.Sum256(statement)
		input, hash = digest[:], crypto.SHA256
	}
	signature, err := key.SignContext(ctx, input, hash)
	if err != nil {
		return nil, Lost(err)
	}
	if !Signed(key.Public(), statement, signature) {
		return nil, fmt.Errorf("%w: the signature of %s does not hold", hsm.ErrUnavailable, e.Label)
	}
	return signature, nil
}

// Signed tells whether a key signed a rotation's statement.
func Signed(public crypto.PublicKey, statement, signature []byte) bool {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(statement)
		return ecdsa.VerifyASN1(k, digest[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, statement, signature)
	}
	return false
}

// MarkCompromised says since when a key is not believed: what it signed and is not proven to be older falls. The time
// may be moved back later, and never forward. Why stands beside the record, and can be erased.
func (r *Registry) MarkCompromised(ctx context.Context, act audit.Record, name string, since time.Time, why string) (Entry, error) {
	r.acting.Lock()
	defer r.acting.Unlock()
	e, err := r.Find(name)
	if err != nil {
		return e, err
	}
	since = since.UTC().Truncate(time.Second)
	if !e.Compromised.IsZero() && !since.Before(e.Compromised) {
		return e, fmt.Errorf("%w: %s is compromised from %s on already", ErrState, e.Label, e.Compromised.Format(time.RFC3339))
	}
	act.Type, act.V, act.Target, act.Outcome = "compromised", 1, e.Label, "ok"
	var note map[string]string
	if why != "" {
		note = map[string]string{"reason": why}
	}
	if _, err := r.journal.Write(ctx, act, audit.Compromised{Key: e.SHA256(), Time: audit.Instant(since)}, note); err != nil {
		return e, err
	}
	return r.Find(e.SHA256())
}
