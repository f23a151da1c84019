package journal

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

const spareName = "spare"

// haveSpare sees to it that there is a spare as makeSpare makes it. A full disk is not
// this start's trouble, but that of the rotation to come.
func (f *files) haveSpare() error {
	spare, err := os.Open(f.path("segments", spareName))
	if errors.Is(err, fs.ErrNotExist) {
		if !f.made {
			f.tell("the spare segment was missing, and is made anew")
		}
	} else if err != nil {
		return err
	} else {
		defer spare.Close()
		info, err := spare.Stat()
		if err != nil {
			return err
		}
		after, err := lookAfter(spare, 0, info.Size())
		if err != nil {
			return err
		}
		if info.Size() == f.capacity && after.dirty == 0 {
			return nil
		}
		f.tell("the spare segment was not %d bytes of zeros, and is made anew", f.capacity)
	}
	err = f.makeSpare()
	if errors.Is(err, unix.ENOSPC) {
		f.tell("there is no room for a spare segment: %v", err)
		return nil
	}
	return err
}

// makeSpare makes the next segment: allocated, all zeros. Its bytes mean nothing, so
// that what an earlier one holds is dropped.
func (f *files) makeSpare() error {
	spare, err := os.OpenFile(f.path("segments", spareName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.sys.allocate(spare, f.capacity)
	if err == nil {
		err = f.sys.sync(spare)
	}
	if closed := spare.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return f.syncFolder("segments")
}

// begin makes the spare the last segment, which begins at p.
func (f *files) begin(p point) error {
	first := len(f.segments) == 0
	b, err := headerAfter(p, first).frame()
	if err != nil {
		return err
	}
	spare, err := os.OpenFile(f.path("segments", spareName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer spare.Close()
	// A crash here leaves a spare with a header, which the next start makes anew.
	if err := f.sys.write(spare, b, 0); err != nil {
		return err
	}
	if err := f.sys.sync(spare); err != nil {
		return err
	}
	name := segmentName(p.tree.size)
	if err := f.sys.rename(spare.Name(), f.path("segments", name)); err != nil {
		return err
	}
	// A crash here leaves either name; under its own, the segment is empty and the last.
	return f.syncFolder("segments")
}

// rotate begins the next segment. The log stays as it is; where it goes on changes.
func (f *files) rotate(p point) (*segment, error) {
	if _, err := os.Stat(f.path("segments", spareName)); err != nil {
		if err := f.makeSpare(); err != nil {
			return nil, err
		}
	}
	if err := f.begin(p); err != nil {
		return nil, err
	}
	s, err := openSegment(f.dir, p.tree.size)
	if err != nil {
		return nil, err
	}
	// A crash here leaves the segment before with its zeros, which the next start cuts off.
	last := f.last()
	err = truncate(f.sys, last.f, p.end)
	if n := last.notes.Load(); err == nil && n != nil {
		err = truncate(f.sys, n.f, p.notes)
	}
	if err != nil {
		s.close() //nolint:errcheck // the first error tells
		return nil, err
	}
	return s, nil
}
