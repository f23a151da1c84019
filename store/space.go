package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// What Options leaves at 0.
const (
	DefaultFloor   = 256 << 20
	DefaultBallast = 128 << 20
)

// minFloor is the least room, in bytes, in which Badger can open, flush and compact: it maps its files, and a full disk
// is then no error but a signal that kills the process.
const minFloor = 96 << 20

// A space keeps the disk from being full. It belongs to the committer.
type space struct {
	dir            string
	floor, ballast int64 // in bytes

	at   time.Time // when free was asked for
	free int64     // bytes
}

// check returns ErrNoSpace where the disk is fuller than the floor allows. It gives up the ballast then, and takes no
// more writes until there is room for the ballast too.
func (s *space) check() error {
	if time.Since(s.at) > 100*time.Millisecond {
		if err := s.ask(); err != nil {
			return err
		}
		if s.free >= s.floor+s.ballast && !s.held() && s.hold() == nil {
			s.free -= s.ballast
		}
	}
	held := s.held()
	if held && s.free >= s.floor || !held && s.free >= s.floor+s.ballast {
		return nil
	}
	s.release()
	return fmt.Errorf("%w: %d MiB are free, %d are needed", ErrNoSpace, s.free>>20, (s.floor+s.ballast)>>20)
}

func (s *space) ask() error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return err
	}
	s.at, s.free = time.Now(), int64(st.Bavail)*st.Bsize
	return nil
}

// open makes room in which Badger can open, or returns ErrNoSpace.
func (s *space) open() error {
	if err := s.ask(); err != nil || s.free >= minFloor {
		return err
	}
	s.release()
	if err := s.ask(); err != nil || s.free >= minFloor {
		return err
	}
	return fmt.Errorf("%w: %d MiB are free, %d are needed to open the store", ErrNoSpace, s.free>>20, int64(minFloor)>>20)
}

func (s *space) path() string { return filepath.Join(s.dir, "ballast") }

func (s *space) held() bool {
	st, err := os.Stat(s.path())
	return err == nil && st.Size() == s.ballast
}

// hold creates the ballast. A crash in it leaves a file of another size, which is none.
func (s *space) hold() error {
	f, err := os.OpenFile(s.path(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if s.ballast > 0 {
		err = unix.Fallocate(int(f.Fd()), 0, 0, s.ballast)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		s.release()
	}
	return err
}

func (s *space) release() {
	if err := os.Remove(s.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // the disk stays as full as it is, and writes stay refused
	}
}
