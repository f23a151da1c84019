package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A disk that is filled from one moment to the next must not kill the process: Badger writes through maps of files that
// have no blocks yet, and a page that gets none is a signal (SIGBUS). The floor keeps it away from a disk that fills in
// seconds. For what happens at once, its log has its blocks from the beginning, and tables are compacted before the
// store is in use, not while it is. What is left is a flush of a memtable, once in tens of MiB.

// rooms gives the memtables' logs their blocks.
type rooms struct {
	dir  string
	next int // number of the first log that was not there yet
	used int // bytes that the last log has taken at most, since it was begun or found
}

// perKey is what Badger takes for a key at most beside the key and its value: a node of its skip list, and framing.
const perKey = 512

// cost is what a batch takes of a log and of its memtable at most, its heads counted.
func cost(all *overlay) int {
	return all.bytes + perKey*(len(all.sealed)+len(all.drop)+len(all.applied)+len(all.heads)) + perKey
}

// holds tells whether a batch fits into blocks that are there, on a disk that is too full for any other: one that only
// folds records does, unless the log ends with it. Those records are durable: what they say must be in force.
func (r *rooms) holds(all *overlay) bool {
	for key := range all.sealed {
		if Kind(key[0]) != view {
			return false
		}
	}
	return len(all.applied) > 0 && len(all.heads)+len(all.drop) == 0 && r.used+cost(all) < memTable/2
}

// wrote takes a batch that was written into account.
func (r *rooms) wrote(all *overlay) error {
	r.used += cost(all)
	return r.look()
}

// newRooms gives the logs that are there their blocks.
func newRooms(dir string) (*rooms, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil {
		return nil, err
	}
	r := &rooms{dir: dir, next: 1}
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d.mem", &n); err != nil {
			continue
		}
		r.next = max(r.next, n+1)
		if err := allocate(name); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// look gives a log its blocks that Badger began since the last look.
func (r *rooms) look() error {
	for {
		err := allocate(filepath.Join(r.dir, fmt.Sprintf("%05d.mem", r.next)))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOSPC) {
			return nil // on a disk that is full, the floor stops the next batch
		}
		if err != nil {
			return err
		}
		r.next++
		r.used = 0
	}
}

// allocate gives a file the blocks that its size has room for. A file system that can't is left alone.
func allocate(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, info.Size())
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// compact does the work that Badger would begin by itself within the next second.
func (s *Store) compact() error {
	for _, level := range s.db.Levels() {
		if level.Level == 0 && level.NumTables >= s.db.Opts().NumLevelZeroTables {
			return s.db.Flatten(1)
		}
	}
	return nil
}
