package keys

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"stellad/audit"
	"stellad/hsm"
)

// algorithms are those that a role's keys may have, the preferred first.
var algorithms = map[string][]hsm.Algorithm{
	Attestation: {hsm.ECDSAP256},
	Audit:       {hsm.Ed25519, hsm.ECDSAP256},
	Log:         {hsm.Ed25519, hsm.ECDSAP256},
	Policy:      {hsm.ECDSAP256},
	Timestamp:   {hsm.ECDSAP256},
}

// reasons are why a role's keys have no other.
var reasons = map[string]string{
	Attestation: "stock verifiers take logged attestations from P-256 keys alone",
	Audit:       "checkpoints are notes, signed with Ed25519 or on P-256",
	Log:         "checkpoints are notes, signed with Ed25519 or on P-256",
	Policy:      "bundles are signed as ES256",
	Timestamp:   "timestamp tokens are signed on P-256 here",
}

// label is what a new key may be called: it becomes a file's name in what is published.
var label = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// check refuses a key that can't be made, or not for its role. It fills in the algorithm, as the token allows.
func (r *Registry) check(ctx context.Context, k *audit.KeySpec) error {
	allowed, known := algorithms[k.Role]
	if !known {
		return fmt.Errorf("%w: role %q: one of %v", ErrRole, k.Role, slices.Sorted(maps.Keys(algorithms)))
	}
	if !label.MatchString(k.Label) {
		return fmt.Errorf("%w: %q: 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit", ErrLabel, k.Label)
	}
	switch other, err := r.Find(k.Label); {
	case err == nil:
		return fmt.Errorf("%w: %s is a key for %s already", ErrLabel, k.Label, other.Role)
	case !errors.Is(err, ErrUnknown):
		return err
	}
	if k.Algorithm == "" {
		algorithm, err := r.preferred(ctx, allowed)
		if err != nil {
			return err
		}
		k.Algorithm = string(algorithm)
	}
	if !slices.Contains(allowed, hsm.Algorithm(k.Algorithm)) {
		return fmt.Errorf("%w: %s for %s: %v, since %s", ErrRole, k.Algorithm, k.Role, allowed, reasons[k.Role])
	}
	if k.Custody == "" {
		k.Custody = "confined"
	}
	// Before the intent: a key that is there later, and of which the log says nothing, is the intent's.
	switch _, err := r.token.Find(ctx, hsm.Reference{Label: k.Label}); {
	case errors.Is(err, hsm.ErrNoKey):
		return nil
	case err == nil || errors.Is(err, hsm.ErrAmbiguous) || errors.Is(err, hsm.ErrInvalid):
		return fmt.Errorf("%w: the token has a key called %s already, which is not the appliance's", ErrLabel, k.Label)
	default:
		return err
	}
}

// preferred is the first of allowed that the token can make.
func (r *Registry) preferred(ctx context.Context, allowed []hsm.Algorithm) (hsm.Algorithm, error) {
	s, err := r.token.Status(ctx)
	if err != nil {
		return "", err
	}
	if allowed[0] == hsm.Ed25519 && !slices.Contains(s.Mechanisms, "CKM_EDDSA") {
		return allowed[1], nil
	}
	return allowed[0], nil
}

// Generate makes a key in the token and returns it as it is registered. act is the record of whoever asks. An empty
// algorithm is the role's preferred one, an empty custody confined. Of an error that wraps hsm.ErrUnavailable it is not
// known whether the key was made: Settle finds out.
func (r *Registry) Generate(ctx context.Context, act audit.Record, k audit.KeySpec) (Entry, error) {
	r.acting.Lock()
	defer r.acting.Unlock()
	if one[k.Role] && k.Replaces == "" {
		if active, err := r.Active(k.Role); err != nil || len(active) > 0 {
			return Entry{}, errors.Join(err, fmt.Errorf("%w: %s has its one key: rotate it", ErrState, k.Role))
		}
	}
	return r.generate(ctx, act, k)
}

func (r *Registry) generate(ctx context.Context, act audit.Record, k audit.KeySpec) (Entry, error) {
	if err := r.check(ctx, &k); err != nil {
		return Entry{}, fmt.Errorf("generate key: %w", err)
	}
	intent, err := r.write(ctx, act, "intent", k.Label, audit.Intent{Act: "generate", Key: &k})
	if err != nil {
		return Entry{}, err
	}
	// From here on a crash leaves an intent, and perhaps a key of this label: Settle tells which.
	key, err := r.token.Generate(ctx, hsm.Template{
		Label: k.Label, Algorithm: hsm.Algorithm(k.Algorithm), Custody: k.Custody == "escrowable",
	})
	if err != nil {
		err = fmt.Errorf("generate key %s: %w", k.Label, err)
		if !errors.Is(err, hsm.ErrUnavailable) && ctx.Err() == nil {
			err = errors.Join(err, r.abandon(ctx, act, k.Label, intent.Seq))
		}
		return Entry{}, err
	}
	return r.made(ctx, act, intent.Seq, k, key)
}

// made registers a key that the token has.
func (r *Registry) made(ctx context.Context, act audit.Record, intent uint64, k audit.KeySpec, key *hsm.Key) (Entry, error) {
	s, err := r.token.Status(ctx)
	if err != nil {
		return Entry{}, err
	}
	a := key.Attributes()
	body := audit.Key{KeySpec: k, Backend: backend(s), ID: hex.EncodeToString(a.ID), Intent: intent, Public: a.Public}
	if k.Role == Timestamp {
		if body.Chain, err = r.certify(key.Public()); err != nil {
			return Entry{}, err
		}
	}
	if _, err := r.write(ctx, act, "key", k.Label, body); err != nil {
		return Entry{}, err
	}
	return r.Find(nameOf(a.Public))
}

// backend is how the log calls what holds the keys.
func backend(s hsm.Status) string {
	if s.Backend == hsm.SoftBackend {
		return "soft"
	}
	return s.Backend
}

// write appends a record of an act.
func (r *Registry) write(ctx context.Context, act audit.Record, kind, target string, body any) (*audit.Record, error) {
	act.Type, act.V, act.Target, act.Outcome = kind, 1, target, "ok"
	// What the token did is written down, also where nobody waits for it any more.
	return r.journal.Write(context.WithoutCancel(ctx), act, body, nil)
}
