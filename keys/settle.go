package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"stellad/audit"
	"stellad/hsm"
)

// Settle looks in the token for the keys of which the log does not say what became of them, and says it. Errors are
// hsm.ErrUnavailable and the journal's: what is not settled stays so.
func (r *Registry) Settle(ctx context.Context) error {
	r.acting.Lock()
	defer r.acting.Unlock()
	open, err := r.intents()
	if err != nil {
		return err
	}
	for _, seq := range slices.Sorted(maps.Keys(open)) {
		settle := r.settleGenerate
		if open[seq].Act == "destroy" {
			settle = r.settleDestroy
		}
		if err := settle(ctx, seq, open[seq]); err != nil {
			return fmt.Errorf("settle record %d: %w", seq, err)
		}
	}
	return nil
}

func (r *Registry) settleGenerate(ctx context.Context, intent uint64, i audit.Intent) error {
	k := *i.Key
	key, err := r.token.Find(ctx, hsm.Reference{Label: k.Label})
	switch {
	case errors.Is(err, hsm.ErrNoKey):
		return r.abandon(ctx, audit.Record{}, k.Label, intent)
	case err != nil:
		return err
	case string(key.Attributes().Algorithm) != k.Algorithm || key.Attributes().Extractable != (k.Custody == "escrowable"):
		return fmt.Errorf("%w: the token's key %s is not the one that was asked for", ErrLabel, k.Label)
	}
	_, err = r.made(ctx, audit.Record{}, intent, k, key)
	return err
}

// settleDestroy gives up where the key is there still: who asked was told that it failed.
func (r *Registry) settleDestroy(ctx context.Context, intent uint64, i audit.Intent) error {
	e, err := r.Find(i.By)
	if err != nil {
		return err
	}
	switch _, err := r.token.Find(ctx, e.Reference()); {
	case errors.Is(err, hsm.ErrNoKey):
		_, err := r.write(ctx, audit.Record{}, "destroyed", e.Label, audit.Destroyed{Intent: intent, Key: i.By})
		return err
	case err == nil || errors.Is(err, hsm.ErrAmbiguous):
		return r.abandon(ctx, audit.Record{}, e.Label, intent)
	default:
		return err
	}
}

func (r *Registry) abandon(ctx context.Context, act audit.Record, label string, intent uint64) error {
	_, err := r.write(ctx, act, "abandoned", label, audit.Abandoned{Intent: intent})
	return err
}
