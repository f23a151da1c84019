package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
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
