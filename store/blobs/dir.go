package blobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Dir is a folder of blobs, open in this process alone. It is safe for concurrent use.
type Dir struct {
	path string
	f    *os.File // of the folder; holds the lock
}

// Open takes the folder, creates what is missing of it, and removes what a crash left in tmp. ErrLocked where another
// process has it.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path, f}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrLocked, path), f.Close())
	}
	err = d.lay()
	if err == nil { // tmp is a folder, and no link to somebody else's
		err = d.sweep()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
}

// Close gives the folder up. Readers that are open stay so.
func (d *Dir) Close() error { return d.f.Close() }

// lay makes all folders at once, so that Put has none to make.
func (d *Dir) lay() error {
	folders := []string{"tmp", "sha256"}
	for i := range 256 {
		folders = append(folders, fmt.Sprintf("sha256/%02x", i))
	}
	for _, folder := range folders {
		if err := os.Mkdir(filepath.Join(d.path, folder), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		st, err := os.Lstat(filepath.Join(d.path, folder))
		if err == nil && !st.IsDir() {
			err = fmt.Errorf("%w: %s is no folder", ErrDamaged, folder)
		}
		if err != nil {
			return err
		}
	}
	// A crash before this leaves folders that the next Open makes.
	return errors.Join(syncDir(filepath.Join(d.path, "sha256")), syncDir(d.path))
}

// sweep removes what Puts left that never returned.
func (d *Dir) sweep() error {
	left, err := os.ReadDir(filepath.Join(d.path, "tmp"))
	for _, e := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(d.path, "tmp", e.Name())))
	}
	return err
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
