package versions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"stellad/audit"
	"stellad/store"
)

// Decided records a decision whose blobs are there.
func (s *Shelf) Decided(ctx context.Context, act audit.Record, d audit.Decision) error {
	act.Type, act.V, act.Outcome, act.Target = "decision", 1, "ok", d.Artifact
	_, err := s.journal.Write(ctx, act, d, nil)
	return err
}

// Bundles lists all that were taken in, by their digests.
func (s *Shelf) Bundles() (all []Bundle, err error) { return each[Bundle](s, "bundle/") }

// Versions lists all that were in force, the first one first.
func (s *Shelf) Versions() ([]Version, error) { return each[Version](s, "version/") }

func each[T any](s *Shelf, prefix string) (all []T, err error) {
	err = s.journal.Read(func(tx *store.Tx) error {
		return tx.In(View).Each([]byte(prefix), nil, func(_, text []byte) error {
			var one T
			err := json.Unmarshal(text, &one)
			all = append(all, one)
			return err
		})
	})
	return all, err
}

// Find returns the one bundle whose digest begins with so many digits: ErrUnknown, ErrAmbiguous.
func (s *Shelf) Find(prefix string) (Bundle, error) { return theOne[Bundle](s, "bundle/", prefix) }

// Decision returns the one signed decision whose bundle's digest begins with so many digits: ErrUnknown, ErrAmbiguous.
func (s *Shelf) Decision(prefix string) (Decision, error) {
	return theOne[Decision](s, "decision/", prefix)
}

func theOne[T any](s *Shelf, kind, prefix string) (one T, err error) {
	found, err := each[T](s, kind+prefix)
	switch {
	case err != nil:
		return one, err
	case len(found) == 0:
		return one, fmt.Errorf("%w: sha256:%s", ErrUnknown, prefix)
	case len(found) > 1:
		return one, fmt.Errorf("%w: sha256:%s is of %d", ErrAmbiguous, prefix, len(found))
	}
	return found[0], nil
}

// InForce returns the last version, or one with Number 0 where there is none.
func (s *Shelf) InForce() (Version, error) {
	all, err := s.Versions()
	if err != nil || len(all) == 0 {
		return Version{}, err
	}
	return all[len(all)-1], nil
}

// Version returns the one of a number, else ErrUnknown.
func (s *Shelf) Version(number uint64) (v Version, err error) {
	err = s.journal.Read(func(tx *store.Tx) error { return tx.In(View).GetJSON(versionRow(number), &v) })
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%w: version %d", ErrUnknown, number)
	}
	return v, err
}

// Activate has a bundle in force as the next version, durably, when it returns. Errors wrap ErrInForce, or are the journal's.
func (s *Shelf) Activate(ctx context.Context, act audit.Record, sha256 string) (Version, error) {
	s.acting.Lock()
	defer s.acting.Unlock()
	return s.activate(ctx, act, audit.Activation{Blob: sha256})
}

// Rollback has the bundle of an earlier version in force again, as the next version. Zero is the last version that had
// another bundle than the one in force. Errors wrap ErrUnknown, ErrInForce, or are the journal's.
func (s *Shelf) Rollback(ctx context.Context, act audit.Record, to uint64) (Version, error) {
	s.acting.Lock()
	defer s.acting.Unlock()
	all, err := s.Versions()
	if err != nil {
		return Version{}, err
	}
	back := earlier(all, to)
	if back == nil {
		return Version{}, fmt.Errorf("%w: there is no version to go back to", ErrUnknown)
	}
	return s.activate(ctx, act, audit.Activation{Blob: back.SHA256, To: back.Number})
}

func earlier(all []Version, to uint64) *Version {
	for i := len(all) - 2; i >= 0; i-- {
		if v := &all[i]; v.Number == to || to == 0 && v.SHA256 != all[len(all)-1].SHA256 {
			return v
		}
	}
	return nil
}

func (s *Shelf) activate(ctx context.Context, act audit.Record, a audit.Activation) (Version, error) {
	last, err := s.InForce()
	if err != nil {
		return last, err
	}
	if last.SHA256 == a.Blob {
		return last, fmt.Errorf("%w: as version %d", ErrInForce, last.Number)
	}
	if _, err := s.Find(a.Blob); err != nil {
		return last, err
	}
	a.Version = last.Number + 1
	act.Type, act.V, act.Outcome, act.Target = "activation", 1, "ok", "sha256:"+a.Blob
	if _, err := s.journal.Write(ctx, act, a, nil); err != nil {
		return last, err
	}
	now, err := s.InForce()
	if err == nil && now.Number != a.Version {
		err = errors.New("the view does not follow the log")
	}
	return now, err
}
