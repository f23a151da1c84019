package journal

import "errors"

const block = 4096 // what a disk writes at once

// settle makes the files hold what was read, and nothing after it. It writes nothing
// where that is so already: after a clean stop a start only reads.
func (f *files) settle(r *replayed, rewrite bool) error {
	notesDirty, notesEnd, err := f.readNotes(*r)
	if err != nil {
		return err
	}
	s := f.last()
	if r.dirty > r.p.end || r.p.end > r.known || rewrite {
		// Not synced but written again: the pages may be clean and yet not on the disk.
		// A crash here leaves the same records, and what is to be overwritten in part.
		if err := f.rewrite(s, r.known, r.p.end, r.dirty); err != nil {
			return err
		}
	}
	if notesDirty > notesEnd {
		// A crash here leaves texts to records that are not there, which the next start overwrites.
		if err := f.zero(s.notes.Load(), notesEnd, notesDirty); err != nil {
			return err
		}
	}
	if err := f.allocateLast(); err != nil {
		return err
	}
	stale := r.stale || r.p.notes != notesEnd
	r.p.notes = notesEnd
	if stale || rewrite {
		return f.writeHeads(r.p)
	}
	return nil
}

// readNotes reads the annotations of the last segment: those that head counts must be
// there, and those of the records after it. The others are texts to no record.
func (f *files) readNotes(r replayed) (dirty, end int64, err error) {
	s := f.last()
	n := s.notes.Load()
	if n == nil {
		if r.p.notes > 0 {
			return 0, 0, damaged(notesPath(f.dir, s.first), 0, "the file is missing")
		}
		return 0, 0, f.haveNotes(r, 0)
	}
	frames := newReader(n.f, 0, n.size)
	for {
		fr, ok, err := frames.next()
		if err != nil {
			return 0, 0, err
		}
		seq, _, broken := noteSeq(fr.line)
		if !ok || broken != nil || seq >= r.p.tree.size {
			break
		}
		end = frames.at
	}
	if end < r.p.notes {
		return 0, 0, damaged(n.f.Name(), end, "an annotation does not read, and %d bytes were acknowledged", r.p.notes)
	}
	if err := f.haveNotes(r, end); err != nil {
		return 0, 0, err
	}
	if n.size%f.notesStep() != 0 {
		f.tell("%s has %d bytes: zeros are missing", n.f.Name(), n.size)
	}
	after, err := lookAfter(n.f, end, n.size)
	if err == nil && after.dirty > end {
		f.tell("%s: %d bytes from byte %d on are annotations of no record, and are overwritten",
			n.f.Name(), after.dirty-end, end)
	}
	return after.dirty, end, err
}

// haveNotes looks for the annotations of the records that head does not count: they
// were durable before the records. Those of the last segment end at end.
func (f *files) haveNotes(r replayed, end int64) error {
	p := r.p
	p.notes = end
	v := view{f, f.segments, p}
	for _, rec := range r.noted {
		i := v.of(rec.Seq)
		_, end := v.end(i)
		if _, err := f.segments[i].annotation(rec, end); err != nil && !errors.Is(err, ErrErased) {
			return err
		}
	}
	return nil
}

// rewrite writes the frames from the block of known on again, and zeros from end to dirty.
func (f *files) rewrite(s *segment, known, end, dirty int64) error {
	buf := make([]byte, 1<<20)
	for at := known &^ (block - 1); at < dirty; {
		b := buf[:min(int64(len(buf)), dirty-at)]
		clear(b)
		if at < end {
			if _, err := s.f.ReadAt(b[:min(int64(len(b)), end-at)], at); err != nil {
				return err
			}
		}
		if err := f.sys.write(s.f, b, at); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return f.sys.sync(s.f)
}

func (f *files) zero(n *notes, from, to int64) error {
	buf := make([]byte, 1<<16)
	for at := from; at < to; at += int64(len(buf)) {
		if err := f.sys.write(n.f, buf[:min(int64(len(buf)), to-at)], at); err != nil {
			return err
		}
	}
	return f.sys.sync(n.f)
}

// allocateLast gives the last segment its whole length, where it lost some of its zeros.
func (f *files) allocateLast() error {
	info, err := f.last().f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == f.capacity {
		return nil
	}
	f.tell("%s has %d bytes and not %d; beyond its records they are zeros", f.last().f.Name(), info.Size(), f.capacity)
	if info.Size() > f.capacity {
		return nil
	}
	if err := f.sys.allocate(f.last().f, f.capacity); err != nil {
		return err
	}
	return f.sys.sync(f.last().f)
}

// writeHead writes the next turn's slot. It is not synced.
func (f *files) writeHead(p point) error {
	b, at, err := headAt(p, f.turn+1).slot()
	if err != nil {
		return err
	}
	if err := f.sys.write(f.head, b, at); err != nil {
		return err
	}
	f.turn++
	return nil
}

// writeHeads writes both slots and syncs them.
func (f *files) writeHeads(p point) error {
	for range 2 {
		// A crash here leaves a slot that is torn, older, or says the same.
		if err := f.writeHead(p); err != nil {
			return err
		}
		if err := f.sys.sync(f.head); err != nil {
			return err
		}
	}
	return nil
}
