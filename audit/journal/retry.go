package journal

import (
	"errors"
)

// Retry looks whether the causes of being read-only are gone, and gives what is left of
// them, wrapping ErrReadOnly; nil where records are taken again. The daemon calls it
// once a second. After a failure of the disk, or where a file was moved, it opens and
// reads the folder anew, as a start does, and what a failed batch may have left is
// overwritten. An erasure that was begun is finished. What Check found damaged stays so until Check finds it whole.
func (j *Journal) Retry() error {
	j.mu.Lock()
	idle := errors.Join(j.refused[:]...) == nil && !j.erasing
	j.mu.Unlock()
	if idle {
		return nil
	}
	return j.do(j.retry)
}

// retry is the writer's: that it runs says that no write hangs.
func (j *Journal) retry() error {
	j.clear(stall)
	if j.is(disk) || j.is(moved) {
		if err := j.reopen(); err != nil {
			j.o.Log.Debug("the audit log stays read-only", "error", err)
			return j.stillRefused(err)
		}
	}
	if j.is(space) && j.roomAgain() {
		j.clear(space)
		j.makeBallast()
	}
	if j.is(clock) {
		j.clear(clock)
		j.lookAtClock()
	}
	if err := j.finishErasing(); err != nil {
		return err
	}
	return j.stillRefused(nil)
}

func (j *Journal) stillRefused(why error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.readOnly(func(cause) bool { return false }); err != nil {
		return errors.Join(err, why)
	}
	return nil
}

// reopen replaces the files by those that the names give now, if they hold the log as
// it was acknowledged.
func (j *Journal) reopen() error {
	old, kept := j.files, j.point()
	f, p, err := open(j.dir, j.o, &kept, old)
	if err != nil {
		return err
	}
	if err := changed(old, f, p); err != nil {
		f.release()
		return err
	}
	for _, what := range f.told {
		j.o.Log.Warn("the audit log was mended", "what", what)
	}
	j.mu.Lock()
	j.files, j.now = f, p
	j.mu.Unlock()
	old.release()
	j.clear(disk, moved)
	return nil
}

// changed reads the segments, and their annotations, that are other files than before:
// open read the last one alone.
func changed(old, f *files, p point) error {
	v := view{f, f.segments, p}
	for i, s := range v.segments {
		if i < len(old.segments) && same(old.segments[i].f, s.f) && sameNotes(old.segments[i], s) {
			continue
		}
		if err := v.checkSegment(i, &ledger{}); err != nil {
			return err
		}
	}
	return nil
}

func sameNotes(a, b *segment) bool {
	x, y := a.notes.Load(), b.notes.Load()
	return x == nil && y == nil || x != nil && y != nil && same(x.f, y.f)
}
