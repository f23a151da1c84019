package keys

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"stellad/audit"
	"stellad/hsm"
)

// FirstLabel is what a role's first key is called.
func FirstLabel(role string) string { return role + "-1" }

// AuditKey is the key that an audit log is begun with, before there is a log to write that down in: the token's key of
// that label, which is made where it is not there. A crash after it was made leaves a key that the next genesis takes.
func AuditKey(ctx context.Context, token *hsm.Client) (*hsm.Key, error) {
	key, err := token.Find(ctx, hsm.Reference{Label: FirstLabel(Audit)})
	if !errors.Is(err, hsm.ErrNoKey) {
		return key, err
	}
	algorithm, err := New("", token, nil).preferred(ctx, algorithms[Audit])
	if err != nil {
		return nil, err
	}
	return token.Generate(ctx, hsm.Template{Label: FirstLabel(Audit), Algorithm: algorithm})
}

// firsts are the roles of which an appliance has a key from genesis on, beside the audit key.
var firsts = []string{Log, Timestamp, Attestation}

// Establish makes what keys are missing from genesis: it registers the audit key, and makes a key for each role that
// never had one. It goes on where an earlier call ended.
func (r *Registry) Establish(ctx context.Context, auditKey hsm.Reference) error {
	had := map[string]bool{}
	all, err := r.List()
	if err != nil {
		return err
	}
	for _, e := range all {
		had[e.Role] = true
	}
	if !had[Audit] {
		if err := r.adopt(ctx, auditKey); err != nil {
			return fmt.Errorf("register the audit key: %w", err)
		}
	}
	for _, role := range firsts {
		if had[role] {
			continue
		}
		if _, err := r.Generate(ctx, audit.Record{}, audit.KeySpec{Label: FirstLabel(role), Role: role}); err != nil {
			return err
		}
	}
	return nil
}

// adopt registers the key that the log was begun with.
func (r *Registry) adopt(ctx context.Context, ref hsm.Reference) error {
	key, err := r.token.Find(ctx, ref)
	if err != nil {
		return err
	}
	s, err := r.token.Status(ctx)
	if err != nil {
		return err
	}
	a := key.Attributes()
	_, err = r.write(ctx, audit.Record{}, "key", a.Label, audit.Key{
		KeySpec: audit.KeySpec{Algorithm: string(a.Algorithm), Custody: "confined", Label: a.Label, Role: Audit},
		Backend: backend(s), ID: hex.EncodeToString(a.ID), Public: a.Public,
	})
	return err
}
