package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"stellad/internal/cli"
)

const maxKeyFile = 1 << 20

var errTooLarge = errors.New("larger")

// openFile opens what is to be read as a file. Its errors name it, once.
func openFile(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainly(err))
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, fmt.Errorf("%s: it is a folder; name a file in it", name)
	}
	return f, nil
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainly(err))
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: %w than %d MiB", name, errTooLarge, limit>>20)
	}
	return text, nil
}

// plainly drops the call and the name that an *fs.PathError repeats.
func plainly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// sameFile tells whether two names are of one file that exists.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// liesBelow tells whether a file is, or would be, in a folder or below it.
func liesBelow(name, folder string) bool {
	dir, err := filepath.Abs(filepath.Dir(name))
	for err == nil {
		if sameFile(dir, folder) {
			return isFolder(folder)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return false
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// writeWhole writes a file under a temporary name and renames it when it is on
// disk. A crash before the rename leaves the old file, if any, and a temporary
// one beside it; after it, the new file.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return plainly(err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// unused refuses a name of a new file at which something is, or for which there is no folder.
func unused(name string) error {
	_, err := os.Lstat(name)
	switch {
	case err == nil:
		return errors.New("it is there already; nothing is overwritten")
	case !isFolder(filepath.Dir(name)):
		return fmt.Errorf("there is no folder %s", filepath.Dir(name))
	case !errors.Is(err, fs.ErrNotExist):
		return plainly(err)
	}
	return nil
}

// writeNew writes a file that is not there, whole and on disk, or not at all.
func writeNew(name string, text []byte) error {
	if err := unused(name); err != nil { // it came while the daemon was asked
		return cli.BadInput(err)
	}
	write := func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}
	if err := writeWhole(name, write); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}
