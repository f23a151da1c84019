// Package durable writes small files that are whole and on disk when a call returns, or not there at all.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create makes a file that was not there: it is linked into its place when it is complete. An error wraps fs.ErrExist
// where the name is taken. A crash may leave a temporary file beside it, which nothing reads.
func Create(name string, text []byte, mode fs.FileMode) error {
	return write(name, text, mode, os.Link)
}

// Replace puts a file in place of what is there, if anything. A crash leaves the old one or the new one, whole, and
// maybe a temporary file beside it, which nothing reads.
func Replace(name string, text []byte, mode fs.FileMode) error {
	return write(name, text, mode, os.Rename)
}

func write(name string, text []byte, mode fs.FileMode, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), name); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(name))
}

// SyncFolder makes durable which names a folder holds.
func SyncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
