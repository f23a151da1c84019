package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Options say what Open opens.
type Options struct {
	Dir        string // created with mode 0700 where it is not there
	Keyspaces  []*Keyspace
	Migrations []Migration
	Floor      int64 // bytes that stay free on the disk, or DefaultFloor
	Ballast    int64 // bytes kept to be given up when less is free, or DefaultBallast

	// Check makes the command that ends in CheckMain of Badger's folder. Where it is nil, this executable is run again,
	// as `worker check-store DIR`.
	Check func(dir string) *exec.Cmd
}

// Open opens the store, after a child has read it all. Where Badger is damaged, its folder is moved aside and a new one
// begun: Opening says so, Catch builds the views again, and Doubts names the content that is lost.
//
// Its errors are ErrKeyspace, ErrNewer, ErrLocked, ErrNoSpace, ErrCheck, ctx's, and those of the file system; nothing
// is changed then but by migrations, whose steps stand.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := begin(o)
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx, o); err != nil {
		_ = s.lock.Close()
		return nil, err
	}
	return s, nil
}

// begin takes the folder.
func begin(o Options) (*Store, error) {
	keyspaces, err := declare(o.Keyspaces)
	if err != nil {
		return nil, err
	}
	if err := ordered(o.Migrations); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(o.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%w: %s: %w", ErrLocked, o.Dir, err)
	}
	return &Store{
		dir: o.Dir, lock: lock, keyspaces: keyspaces, log: &complaints{},
		space: &space{dir: o.Dir, floor: max(minFloor, or(o.Floor, DefaultFloor)), ballast: or(o.Ballast, DefaultBallast)},
		ops:   make(chan *op, maxOps), stop: make(chan struct{}), dead: make(chan struct{}),
		heads: map[string]head{}, proofs: map[*Keyspace]bool{}, suspect: map[*Keyspace]string{},
	}, nil
}

func or(n, instead int64) int64 {
	if n == 0 {
		return instead
	}
	return n
}
