package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// folders are those in the journal's own.
var folders = [...]string{"segments", "annotations", "checkpoints"}

// files are the folder's files, held open: what is read and written is what was
// verified, whatever happens to the names.
type files struct {
	dir      string
	sys      system
	capacity int64 // of a new segment
	root     *os.File
	lock     *lock
	folders  [len(folders)]*os.File
	head     *os.File
	turn     uint64     // of the last write to head
	segments []*segment // in order; the last is written to. Journal.mu guards the slice
	told     []string   // what was mended in opening
	torn     int64      // how many bytes of a torn batch were overwritten
	made     bool       // the journal is new

	users atomic.Int64 // readers, and the journal itself; the last closes
}

func (f *files) path(names ...string) string {
	return filepath.Join(append([]string{f.dir}, names...)...)
}

func (f *files) last() *segment { return f.segments[len(f.segments)-1] }

func (f *files) tell(format string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

// holdFolders opens the folders and locks the journal's own for this process. before are
// the files that this process holds already, or nil.
func (f *files) holdFolders(before *files) error {
	var err error
	if f.root, err = os.Open(f.dir); err != nil {
		return err
	}
	if before != nil && same(before.lock.f, f.root) {
		f.lock = before.lock.share()
	} else if f.lock, err = lockFolder(f.dir); err != nil {
		return err
	}
	for i, name := range folders {
		if f.folders[i], err = os.Open(f.path(name)); err != nil {
			return err
		}
	}
	return nil
}

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

func same(a, b *os.File) bool {
	x, xErr := a.Stat()
	y, yErr := b.Stat()
	return xErr == nil && yErr == nil && os.SameFile(x, y)
}

// use keeps the files open until release.
func (f *files) use() *files {
	f.users.Add(1)
	return f
}

func (f *files) release() {
	if f.users.Add(-1) > 0 {
		return
	}
	for _, file := range append(f.folders[:], f.root, f.head) {
		if file != nil {
			file.Close() //nolint:errcheck // what was to be durable was synced
		}
	}
	for _, s := range f.segments {
		s.close() //nolint:errcheck // as above
	}
	f.lock.release()
}

// moved says which held file is no longer the one under its name, or was cut. segments
// are the journal's, and p is where the last of them ends.
func (f *files) moved(segments []*segment, p point) error {
	err := stillThere(f.root, f.dir, 0)
	for i, name := range folders {
		err = errors.Join(err, stillThere(f.folders[i], f.path(name), 0))
	}
	for i, s := range segments[:len(segments)-1] {
		before := segments[i+1].before
		err = errors.Join(err, s.moved(f.dir, before.Bytes, before.Notes))
	}
	return errors.Join(err, f.movedLast(segments[len(segments)-1], p))
}

// movedLast looks at what a batch is written to.
func (f *files) movedLast(last *segment, p point) error {
	return errors.Join(
		stillThere(f.root, f.dir, 0),
		stillThere(f.head, f.path("head"), 2*slotSize),
		last.moved(f.dir, p.end, p.notes))
}

func (s *segment) moved(dir string, end, notesEnd int64) error {
	err := stillThere(s.f, s.f.Name(), end)
	if n := s.notes.Load(); n != nil {
		err = errors.Join(err, stillThere(n.f, notesPath(dir, s.first), notesEnd))
	}
	return err
}

func stillThere(f *os.File, path string, size int64) error {
	held, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMoved, err)
	}
	named, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is gone", ErrMoved, path)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrMoved, err)
	case !os.SameFile(held, named):
		return fmt.Errorf("%w: %s is another file", ErrMoved, path)
	case held.Mode().IsRegular() && held.Size() < size:
		return fmt.Errorf("%w: %s has %d bytes of %d", ErrMoved, path, held.Size(), size)
	}
	return nil
}

// place writes a small file whole: there is what was there before, or all of it.
func (f *files) place(name string, content []byte) error {
	path := f.path(name)
	tmp, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(f.sys.write(tmp, content, 0), f.sys.sync(tmp))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	// A crash here leaves a temporary file, which nothing reads and the next one replaces.
	if err := f.sys.rename(path+".tmp", path); err != nil {
		return err
	}
	// A crash here leaves the old file or the new one.
	return f.syncFolder(filepath.Dir(name))
}

// syncFolder makes durable which names a folder has.
func (f *files) syncFolder(name string) error {
	for i, known := range folders {
		if known == name {
			return f.sys.sync(f.folders[i])
		}
	}
	return f.sys.sync(f.root)
}
