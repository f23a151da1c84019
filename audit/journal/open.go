package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"stellad/tlog"
)

// open opens the folder, and gives the log as it counts from here on. At a start kept
// is nil: what follows head is taken in, or overwritten where it is a torn batch. With
// kept, of a process that runs, what follows it is overwritten: nobody was told of it.
// Nothing is written before all that is read has been verified.
func open(dir string, o Options, kept *point, held *files) (f *files, p point, err error) {
	f = &files{dir: dir, sys: *o.sys, capacity: o.SegmentSize}
	f.use()
	defer func() {
		if err != nil {
			f.release()
		}
	}()
	if err := f.openFolder(held); err != nil {
		return f, p, err
	}
	h, spoilt, err := readHead(f.head)
	if err != nil {
		return f, p, err
	}
	if spoilt != nil {
		f.tell("a slot of head was spoilt and is written anew: %v", spoilt)
	}
	if err := f.overwriteErasing(); err != nil {
		return f, p, err
	}
	if err := f.openSegments(); err != nil {
		return f, p, err
	}
	r, err := f.replay(h, kept)
	if err != nil {
		return f, p, err
	}
	f.turn = h.Turn
	if err := f.settle(&r, spoilt != nil || kept != nil); err != nil {
		return f, p, err
	}
	return f, r.p, f.haveSpare()
}

// openFolder opens head and the folders, or makes them where there is nothing yet.
func (f *files) openFolder(held *files) error {
	var err error
	f.head, err = os.OpenFile(f.path("head"), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) && held == nil {
		return f.create()
	}
	if err != nil {
		return missing(err)
	}
	return missing(f.holdFolders(held))
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// openSegments opens all of them and holds each to what the next one's header says.
func (f *files) openSegments() error {
	entries, err := os.ReadDir(f.path("segments"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		first, ok := parseName(e.Name())
		if !ok {
			if e.Name() != spareName {
				f.tell("%s is none of the journal's files", f.path("segments", e.Name()))
			}
			continue
		}
		s, err := openSegment(f.dir, first)
		if err != nil {
			return err
		}
		f.segments = append(f.segments, s)
		n, err := openNotes(f.dir, first)
		if err != nil {
			return err
		}
		s.notes.Store(n)
	}
	if len(f.segments) == 0 {
		return damaged(f.path("segments"), 0, "there is no segment")
	}
	for i, s := range f.segments {
		if err := f.follows(s, i); err != nil {
			return err
		}
	}
	return nil
}

// follows holds segment i to the one before it, and that one to its length.
func (f *files) follows(s *segment, i int) error {
	if i == 0 {
		if s.first != 0 || s.before != nil {
			return damaged(s.f.Name(), 0, "the segments before it are missing")
		}
		return nil
	}
	last := f.segments[i-1]
	if s.before == nil || s.before.First != last.first {
		return damaged(s.f.Name(), 0, "it does not follow %s", last.f.Name())
	}
	if err := f.cut(last.f, s.before.Bytes); err != nil {
		return err
	}
	if n := last.notes.Load(); n != nil {
		return f.cut(n.f, s.before.Notes)
	}
	if s.before.Notes > 0 {
		return damaged(notesPath(f.dir, last.first), 0, "the file is missing")
	}
	return nil
}

// cut holds a file to the length that its frames had when the next segment began, which
// was when it was to be cut. A crash may have kept it from that: then it has its zeros
// yet. Anything else is not of the journal's doing.
func (f *files) cut(file *os.File, size int64) error {
	info, err := file.Stat()
	if err != nil || info.Size() == size {
		return err
	}
	if info.Size() < size {
		return damaged(file.Name(), info.Size(), "the file ends here and not at %d", size)
	}
	after, err := lookAfter(file, size, info.Size())
	if err != nil {
		return err
	}
	if after.dirty > size {
		return damaged(file.Name(), size, "the file does not end here, but %d bytes later", info.Size()-size)
	}
	f.tell("%s had its zeros yet, and is cut to its %d bytes", file.Name(), size)
	return truncate(f.sys, file, size)
}

func truncate(sys system, f *os.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	return sys.sync(f)
}

// checkpointRoots are the roots of the stored checkpoints from size on.
func (f *files) checkpointRoots(from uint64) (map[uint64]tlog.Hash, error) {
	sizes, err := f.checkpoints()
	if err != nil {
		return nil, err
	}
	roots := map[uint64]tlog.Hash{}
	for _, size := range sizes {
		if size < from {
			continue
		}
		_, c, err := f.readCheckpoint(size)
		if err != nil {
			return nil, err
		}
		roots[size] = c.Root
	}
	return roots, nil
}
