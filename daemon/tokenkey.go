package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"stellad/daemon/ledger"
	"stellad/hsm"
	"stellad/keys"
	"stellad/tlog"
)

// A tokenKey is the audit key in the token. It is found there when it first signs: a daemon starts without its token.
//
// The last checkpoint is kept in the token too, as a data object called as the log is: a state folder that was put back
// as it was some time ago is told from one that is only behind.
type tokenKey struct {
	token  *hsm.Client
	public *tlog.VerifierKey

	mu     sync.Mutex
	signer *tlog.NoteSigner
}

// auditKey returns the key of the log that g begins, or has.
func (d *Daemon) auditKey(ctx context.Context, g Genesis) (*ledger.Key, error) {
	if d.token == nil {
		return ledger.FileKey(d.config.State, g.Name, g.Key)
	}
	k := &tokenKey{token: d.token}
	var err error
	if g.Key == "" {
		err = k.begin(ctx, d.config.State, g.Name)
	} else {
		k.public, err = tlog.ParseVerifierKey(g.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("the audit key: %w", err)
	}
	return &ledger.Key{Public: k.public, Sign: k.sign}, nil
}

// begin takes or makes the key of a new log. A token that has a checkpoint of a log of this name had such a log: it is
// not begun twice.
func (k *tokenKey) begin(ctx context.Context, state, name string) error {
	entries, err := os.ReadDir(filepath.Join(state, "audit"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch _, err := k.token.GetObject(ctx, ledger.Origin(name)); {
	case errors.Is(err, hsm.ErrNoObject):
	case err != nil:
		return err
	case len(entries) == 0:
		return fmt.Errorf("%w: the token has a checkpoint of the audit log of %s, and there is no such log: put the state folder back, or take another token", ErrGenesis, name)
	}
	key, err := keys.AuditKey(ctx, k.token)
	if err != nil {
		return err
	}
	k.signer, err = tlog.NewNoteSigner(ledger.Origin(name), key)
	if err != nil {
		return err
	}
	k.public = k.signer.VerifierKey()
	return nil
}

// sign signs a checkpoint and keeps it in the token. A crash before the log has it leaves a checkpoint of records that
// are durable.
func (k *tokenKey) sign(text []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.signer == nil {
		ref, err := referenceOf(k.public)
		if err != nil {
			return nil, err
		}
		key, err := k.token.Find(context.Background(), ref)
		if err != nil {
			return nil, err
		}
		if k.signer, err = tlog.NewNoteSigner(k.public.Name(), key); err != nil {
			return nil, err
		}
	}
	note, err := k.signer.SignNote(text)
	if err != nil {
		return nil, err
	}
	// A module that keeps no data objects keeps no checkpoint: then it must be written on paper.
	if err := k.token.PutObject(context.Background(), k.public.Name(), note); err != nil && !errors.Is(err, hsm.ErrMechanism) {
		return nil, err
	}
	return note, nil
}

// referenceOf means the token's key of a verifier key.
func referenceOf(k *tlog.VerifierKey) (hsm.Reference, error) {
	spki, err := x509.MarshalPKIXPublicKey(k.PublicKey())
	return hsm.Reference{Label: keys.FirstLabel(keys.Audit), Public: spki}, err
}
