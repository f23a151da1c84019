package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// exportFolder is a folder of files.
type exportFolder struct {
	name, temp string
	root       *os.Root // of temp: nothing that is put gets out of it
}

func newExportFolder(name string) (*exportFolder, error) {
	name, err := filepath.Abs(name) // "." has no name to be beside
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, plainly(err)
	}
	f := &exportFolder{name: name, temp: temp}
	if f.root, err = os.OpenRoot(temp); err != nil {
		return nil, errors.Join(plainly(err), os.Remove(temp))
	}
	return f, nil
}

func (f *exportFolder) put(name string, size int64, content io.Reader) error {
	return putFile(f.root, name, size, content)
}

// share lets others read what was put: without it, the files are their owner's alone.
func (f *exportFolder) share() error {
	return fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return f.root.Chmod(name, 0o755)
		}
		return f.root.Chmod(name, 0o644)
	})
}

// keep renames after everything is on disk. A folder does not take the place of another, even of an empty one: a crash
// between Remove and Rename leaves none of that name, and the whole export under the temporary one.
func (f *exportFolder) keep() error {
	if err := errors.Join(syncAll(f.root), f.root.Close(), vacant(f.name)); err != nil {
		return err
	}
	if err := os.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // something is mounted there
	}
	if err := os.Rename(f.temp, f.name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.name))
}

func (f *exportFolder) discard() {
	_ = f.root.Close()
	_ = os.RemoveAll(f.temp)
}

// errFileName is wrapped where a folder can't have a file of a name that an export gives.
var errFileName = errors.New("no file of this name can be made")

// putFile writes one new file below root, for its owner alone: an annotation may be anything that people said.
func putFile(root *os.Root, name string, size int64, content io.Reader) error {
	local, err := filepath.Localize(name)
	if err != nil {
		return fmt.Errorf("%.200q: %w", name, errFileName)
	}
	if err := root.MkdirAll(filepath.Dir(local), 0o700); err != nil {
		return fmt.Errorf("%.200q: %w: %w", name, errFileName, plainly(err))
	}
	file, err := root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%.200q: %w: %w", name, errFileName, plainly(err))
	}
	n, err := io.Copy(file, content)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes in place of %d", name, n, size)
	}
	return errors.Join(err, file.Close())
}

// syncAll brings every file and folder below root to the disk.
func syncAll(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && !foldersSync {
			return err
		}
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}

// foldersSync is false where a folder is nothing that can be opened and synced.
const foldersSync = runtime.GOOS != "windows"

func syncFolder(name string) error {
	if !foldersSync {
		return nil
	}
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
