package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// moved names the first held file that is no longer the one under its name, or was cut.
// segments are the journal's, and p is where the last of them ends.
func (f *files) moved(segments []*segment, p point) error {
	err := stillThere(f.root, f.dir, 0)
	for i, name := range folders {
		err = cmp.Or(err, stillThere(f.folders[i], f.path(name), 0))
	}
	for i, s := range segments[:len(segments)-1] {
		before := segments[i+1].before
		err = cmp.Or(err, s.moved(f.dir, before.Bytes, before.Notes))
	}
	return cmp.Or(err, f.movedLast(segments[len(segments)-1], p))
}

// movedLast looks at what a batch is written to.
func (f *files) movedLast(last *segment, p point) error {
	return cmp.Or(
		stillThere(f.root, f.dir, 0),
		stillThere(f.head, f.path("head"), 2*slotSize),
		last.moved(f.dir, p.end, p.notes))
}

func (s *segment) moved(dir string, end, notesEnd int64) error {
	err := stillThere(s.f, s.f.Name(), end)
	if n := s.notes.Load(); n != nil {
		err = cmp.Or(err, stillThere(n.f, notesPath(dir, s.first), notesEnd))
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
