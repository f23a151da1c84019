package journal

import (
	"errors"
	"io/fs"
	"os"
)

// create makes a new journal. head comes last: a crash before leaves a folder without
// records or head, which the next start completes.
func (f *files) create() error {
	for _, name := range append([]string{"."}, folders[:]...) {
		if err := os.MkdirAll(f.path(name), 0o700); err != nil {
			return err
		}
	}
	if err := f.holdFolders(nil); err != nil {
		return err
	}
	start, err := f.createFirst()
	if err != nil {
		return err
	}
	f.made = true
	content := make([]byte, 0, 2*slotSize)
	for turn := range uint64(2) {
		b, _, err := headAt(start, turn).slot()
		if err != nil {
			return err
		}
		content = append(content, b...)
	}
	if err := f.place("head", content); err != nil {
		return err
	}
	f.head, err = os.OpenFile(f.path("head"), os.O_RDWR, 0)
	return err
}

// createFirst makes the first segment, unless a crash left it, and gives its start.
func (f *files) createFirst() (point, error) {
	if err := f.holdsNothing(); err != nil {
		return point{}, err
	}
	if _, err := os.Stat(f.path("segments", segmentName(0))); errors.Is(err, fs.ErrNotExist) {
		if err := f.makeSpare(); err != nil {
			return point{}, err
		}
		if err := f.begin(point{}); err != nil {
			return point{}, err
		}
	}
	s, err := openSegment(f.dir, 0)
	if err != nil {
		return point{}, err
	}
	defer s.close() //nolint:errcheck // nothing was written
	info, err := s.f.Stat()
	if err != nil {
		return point{}, err
	}
	after, err := lookAfter(s.f, s.start.end, info.Size())
	if err == nil && after.dirty > s.start.end {
		err = damaged(f.path("head"), 0, "it is missing, and there are records")
	}
	return s.start, err
}

// holdsNothing refuses a folder that lost its head.
func (f *files) holdsNothing() error {
	for _, name := range folders {
		entries, err := os.ReadDir(f.path(name))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if name != "segments" || e.Name() != segmentName(0) && e.Name() != spareName {
				return damaged(f.path("head"), 0, "it is missing, and there is %s", f.path(name, e.Name()))
			}
		}
	}
	return nil
}
