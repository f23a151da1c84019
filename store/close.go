package store

import (
	"errors"
	"os"
	"path/filepath"
)

// end stops the committer and closes Badger.
func (s *Store) end() error {
	close(s.stop)
	<-s.dead
	s.using.Lock()
	defer s.using.Unlock()
	s.gone = true
	return s.db.Close()
}

// Close ends all transactions and closes the store; ErrClosed where it is closed already. What did not return from
// Update before may be there or not.
//
// Where the disk is too full for Badger to close, Close returns ErrNoSpace and the store stays open. A process may end
// like that: the next start takes the store as it lies.
func (s *Store) Close() error {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return ErrClosed
	}
	// Closing writes a table through a map: on a full disk, that is a signal.
	if err := s.room().open(); err != nil {
		return err
	}
	s.closed = true
	return s.close()
}

// room is the committer's space, for others.
func (s *Store) room() *space {
	return &space{dir: s.dir, floor: s.space.floor, ballast: s.space.ballast}
}

func (s *Store) close() error {
	err := errors.Join(s.end(), s.outside.save(), s.outside.close())
	if err == nil && s.Broken() == nil {
		// A crash before this leaves the mark, and a store that is whole.
		err = errors.Join(os.Remove(filepath.Join(s.dir, "open")), syncDir(s.dir))
	}
	return errors.Join(err, s.lock.Close())
}
