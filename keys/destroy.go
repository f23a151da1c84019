package keys

import (
	"context"
	"errors"
	"fmt"

	"stellad/audit"
	"stellad/hsm"
)

// Destroy has the token destroy a key that is in use no more: retired, compromised, or pending. Its entry stays, and with
// it what others need to judge what it signed. Of an error that wraps hsm.ErrUnavailable it is not known whether the key
// is there: Settle finds out. Other errors wrap ErrUnknown, ErrState, hsm's, and the journal's.
func (r *Registry) Destroy(ctx context.Context, act audit.Record, name string) (Entry, error) {
	r.acting.Lock()
	defer r.acting.Unlock()
	e, err := r.Find(name)
	if err != nil {
		return e, fmt.Errorf("destroy key: %w", err)
	}
	if s := e.State(); s == Active || s == Destroyed {
		return e, fmt.Errorf("destroy key: %w: %s is %s", ErrState, e.Label, s)
	}
	if err := r.destroy(ctx, act, e); err != nil {
		return e, fmt.Errorf("destroy key %s: %w", e.Label, err)
	}
	return r.Find(e.SHA256())
}

func (r *Registry) destroy(ctx context.Context, act audit.Record, e Entry) error {
	intent, err := r.write(ctx, act, "intent", e.Label, audit.Intent{Act: "destroy", By: e.SHA256()})
	if err != nil {
		return err
	}
	// From here on a crash leaves an intent, and the key or none: Settle tells which.
	err = r.token.Destroy(ctx, e.Reference())
	if err != nil && !errors.Is(err, hsm.ErrNoKey) { // one that is gone already is destroyed
		if !errors.Is(err, hsm.ErrUnavailable) && ctx.Err() == nil {
			err = errors.Join(err, r.abandon(ctx, act, e.Label, intent.Seq))
		}
		return err
	}
	_, err = r.write(ctx, act, "destroyed", e.Label, audit.Destroyed{Intent: intent.Seq, Key: e.SHA256()})
	return err
}
