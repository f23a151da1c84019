package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stellad/audit"
)

// An exportPlace takes the files of an export under a temporary name beside its own.
type exportPlace interface {
	put(name string, size int64, content io.Reader) error // an audit.Sink
	keep() error                                          // after the last put: the export is on disk, under its name
	discard()                                             // removes what was not kept
}

// newExportPlace makes the place that vacant found free.
func newExportPlace(name string) (exportPlace, error) {
	if isArchive(name) {
		return newExportArchive(name)
	}
	return newExportFolder(name)
}

func isArchive(name string) bool {
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// vacant refuses a name at which something is that an export would take the place of.
func vacant(name string) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !isFolder(filepath.Dir(name)) {
			return fmt.Errorf("there is no folder %s", filepath.Dir(name))
		}
		return nil
	case err != nil:
		return plainly(err)
	case !info.IsDir() || isArchive(name):
		return errors.New("it is there already; nothing is overwritten")
	}
	there, err := os.ReadDir(name)
	if err == nil && len(there) > 0 {
		err = errors.New("it is a folder with something in it; nothing is overwritten")
	}
	return plainly(err)
}

// exportArchive is one file: a gzipped tar.
type exportArchive struct {
	*audit.Archive
	name string
	temp *os.File
}

func newExportArchive(name string) (*exportArchive, error) {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, plainly(err)
	}
	return &exportArchive{audit.NewArchive(temp), name, temp}, nil
}

func (a *exportArchive) put(name string, size int64, content io.Reader) error {
	return a.Archive.Put(name, size, content)
}

func (a *exportArchive) keep() error {
	if err := errors.Join(a.Archive.Close(), a.temp.Sync(), a.temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(a.temp.Name(), a.name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(a.name))
}

func (a *exportArchive) discard() {
	_ = a.temp.Close()
	_ = os.Remove(a.temp.Name())
}
