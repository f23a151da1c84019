package journal

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// lock keeps other journals off a folder, for as long as anybody shares it.
type lock struct {
	f     *os.File
	users atomic.Int64
}

func lockFolder(dir string) (*lock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = ignoringInterrupts(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrInUse, dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return (&lock{f: f}).share(), nil
}

func (l *lock) share() *lock {
	l.users.Add(1)
	return l
}

func (l *lock) release() {
	if l != nil && l.users.Add(-1) == 0 {
		l.f.Close() //nolint:errcheck // nothing was written
	}
}
