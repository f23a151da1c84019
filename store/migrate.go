package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A Migration changes content as an earlier release left it. They are numbered from 1 without a gap, in the order in
// which they run, and go forward only. Views and caches are not migrated: another version builds them anew.
type Migration struct {
	N    int
	Name string
	// Step does a part of the work from cursor on, which is nil at first, and returns where the next one begins, or done.
	// What it writes and where it is commit together.
	Step func(tx *Tx, cursor []byte) (next []byte, done bool, err error)
}

// progress is how far the migrations have come.
type progress struct {
	Done   int    `json:"done"`   // the last that is complete
	Cursor []byte `json:"cursor"` // of the one after it
}

var progressKey = prefix(meta, "migrations")

// ordered refuses migrations that are not numbered 1, 2, 3 and so on.
func ordered(migrations []Migration) error {
	for i, m := range migrations {
		if m.N != i+1 || m.Step == nil {
			return fmt.Errorf("migration %d, %s, stands at place %d", m.N, m.Name, i+1)
		}
	}
	return nil
}

// migrate runs what is still to do. A crash leaves the steps that committed, and the next start goes on behind them.
func (s *Store) migrate(ctx context.Context, all []Migration, p progress) error {
	for _, m := range all[p.Done:] {
		// A crash behind this leaves a store that older releases refuse, be it changed already or not.
		if err := s.announce(m.N); err != nil {
			return err
		}
		for p.Done < m.N {
			var err error
			if p, err = s.step(ctx, m, p); err != nil {
				return fmt.Errorf("migration %d, %s: %w", m.N, m.Name, err)
			}
		}
	}
	return nil
}

// announce notes outside Badger that migration n begins. The committer is idle: nothing else writes the file.
func (s *Store) announce(n int) error {
	s.outside.o.Migration = n
	return s.outside.save()
}

func (s *Store) step(ctx context.Context, m Migration, p progress) (next progress, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		cursor, done, err := m.Step(tx, p.Cursor)
		switch {
		case err != nil:
			return err
		case done:
			next = progress{Done: m.N}
		case bytes.Equal(cursor, p.Cursor):
			return errors.New("a step that goes nowhere")
		default:
			next = progress{Done: p.Done, Cursor: cursor}
		}
		tx.own().set(progressKey, next.seal())
		return nil
	})
	return next, err
}

func (p progress) seal() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // a progress has nothing that JSON cannot hold
	}
	return seal(progressKey, text)
}

func unsealProgress(sealed []byte) (p progress, err error) {
	text, err := unseal(progressKey, sealed)
	if err != nil {
		return progress{}, err
	}
	return p, json.Unmarshal(text, &p)
}
