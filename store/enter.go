package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

func (s *Store) open(ctx context.Context, o Options) error {
	if err := s.space.open(); err != nil {
		return err
	}
	outside, created, why, err := openHeads(s.dir)
	if err != nil {
		return err
	}
	s.outside = outside
	if err := s.enter(ctx, o, created, why); err != nil {
		return errors.Join(err, outside.close())
	}
	return nil
}

// enter goes on once the copy of the heads is read.
func (s *Store) enter(ctx context.Context, o Options, created bool, why string) error {
	if n := s.outside.o.Migration; n > len(o.Migrations) {
		return fmt.Errorf("%w: it has migration %d, and this one knows %d", ErrNewer, n, len(o.Migrations))
	}
	r, fresh, err := s.look(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case created && !fresh:
		why = "the copy of the heads outside Badger is gone"
	case fresh && s.opening.Why == "" && s.outside.o.Writes > 1:
		s.opening.Why = "its folder is gone"
	}
	p, err := began(r, fresh, len(o.Migrations))
	if err != nil {
		return err
	}
	j := s.judge(r, why)
	if j.err != nil {
		return j.err
	}
	if err := s.start(ctx, j, p, fresh); err != nil {
		return err
	}
	if err := s.migrate(ctx, o.Migrations, p); err != nil {
		return errors.Join(err, s.end())
	}
	return nil
}

// look has the child read Badger, and moves it aside where it is damaged. fresh is set where there is none.
func (s *Store) look(ctx context.Context, o Options) (r report, fresh bool, err error) {
	if s.opening.Unclean, err = s.mark(); err != nil {
		return report{}, false, err
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "db")); errors.Is(err, fs.ErrNotExist) {
		return report{}, true, nil
	}
	child := o.Check
	if child == nil {
		child = again
	}
	if r, err = s.inspect(ctx, child); err != nil {
		return report{}, false, err
	}
	if r.Damage == "" && r.Progress == nil && len(r.Found)+len(r.Heads) > 0 {
		r.Damage = "it does not say how far the migrations have come"
	}
	if r.Damage == "" {
		return r, r.Progress == nil, nil
	}
	s.opening.Why = r.Damage
	s.opening.Aside, err = s.aside()
	return report{}, true, err
}

// again is this executable as the child.
func again(dir string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, "worker", "check-store", dir)
}

// began returns how far the migrations have come. A fresh store has nothing to migrate.
func began(r report, fresh bool, known int) (progress, error) {
	if fresh {
		return progress{Done: known}, nil
	}
	if r.Progress.Done > known {
		return progress{}, fmt.Errorf("%w: it has migration %d, and this one knows %d", ErrNewer, r.Progress.Done, known)
	}
	return *r.Progress, nil
}

// mark notes on the disk that the store is open, and tells whether that stood there already. A crash at any time behind
// it leaves the mark.
func (s *Store) mark() (unclean bool, err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "open"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, errors.Join(f.Sync(), f.Close(), syncDir(s.dir))
}

// start opens Badger and the committer, and commits what judge found.
func (s *Store) start(ctx context.Context, j judgement, p progress, fresh bool) error {
	db, err := badger.Open(settings(filepath.Join(s.dir, "db"), s.log))
	if err != nil {
		return fmt.Errorf("%w: after the check found no fault: %w", ErrDamaged, err)
	}
	s.db = db
	if s.rooms, err = newRooms(filepath.Join(s.dir, "db")); err == nil {
		err = s.compact()
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	go s.committer()
	if err := s.accept(ctx, j, p, fresh); err != nil {
		return errors.Join(err, s.end())
	}
	return nil
}
