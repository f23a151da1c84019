package journal

import (
	"fmt"
	"maps"
	"slices"

	"stellad/audit"
	"stellad/tlog"
)

// replayed is what reading the log from head's segment on gave.
type replayed struct {
	p     point
	known int64 // the end of what was acknowledged, in the last segment
	dirty int64 // the end of what is to be overwritten, in the last segment; at least p.end
	stale bool  // head is not p
	noted []*audit.Record
}

// replay reads the segment that the known point is in, and those after, and holds it
// to that point and to the checkpoints.
type replay struct {
	f     *files
	size  uint64 // the known point's
	root  tlog.Hash
	end   int64 // where it is in its segment
	in    uint64
	cut   bool // what follows it does not count
	roots map[uint64]tlog.Hash

	stored int // checkpoints, at least

	p   point
	out replayed
}

func (f *files) replay(h head, kept *point) (replayed, error) {
	r := replay{f: f, size: h.Size, root: tlog.Hash(h.Root), end: h.End, in: h.Segment, stored: h.Stored}
	r.out.known = h.End
	r.p.notes = h.Notes
	clock := h.Clock
	if kept != nil {
		r.size, r.root, r.end, r.in, r.cut = kept.tree.size, kept.tree.root(), kept.end, kept.in, true
		r.stored = kept.checkpoints
		r.p.notes, clock = kept.notes, kept.clock
	}
	at := slices.IndexFunc(f.segments, func(s *segment) bool { return s.first > r.size })
	if at < 0 {
		at = len(f.segments)
	}
	first := f.segments[at-1]
	if r.in != first.first && at == len(f.segments) && r.size != first.first {
		return r.out, damaged(f.path("segments", segmentName(r.in)), 0, "the segment that head names is missing")
	}
	sizes, err := f.checkpoints()
	if err != nil {
		return r.out, err
	}
	if len(sizes) < r.stored {
		return r.out, damaged(f.path("checkpoints"), 0, "%d are there, and %d were stored", len(sizes), r.stored)
	}
	if r.roots, err = f.checkpointRoots(first.first); err != nil {
		return r.out, err
	}
	r.p = point{tree: first.start.tree.clone(), clock: clock, notes: r.p.notes, checkpoints: len(sizes)}
	for i, s := range f.segments[at-1:] {
		if err := r.segment(s, at-1+i == len(f.segments)-1); err != nil {
			return r.out, err
		}
	}
	return r.finish()
}

// segment reads one segment into the tree.
func (r *replay) segment(s *segment, last bool) error {
	if s.first != r.p.tree.size || s.start.tree.root() != r.p.tree.root() {
		return damaged(s.f.Name(), 0, "its header does not give the root of the %d records before it", r.p.tree.size)
	}
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	if s.first != r.in {
		r.out.known, r.p.notes = s.start.end, 0
	}
	frames := newReader(s.f, s.start.end, info.Size())
	for {
		if err := r.reached(s, frames.at); err != nil {
			return err
		}
		if r.cut && r.p.tree.size == r.size {
			break
		}
		fr, ok, err := frames.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := r.record(s, fr, frames.at-int64(fr.size)); err != nil {
			return err
		}
	}
	r.p.in, r.p.end = s.first, frames.at
	return r.endOf(s, last, info.Size())
}

// reached compares the roots that are known for the tree's size.
func (r *replay) reached(s *segment, at int64) error {
	size := r.p.tree.size
	if size == r.size && (r.p.tree.root() != r.root || s.first == r.in && at != r.end) {
		return damaged(s.f.Name(), at, "the %d records up to here are not those that head counts", size)
	}
	if root, ok := r.roots[size]; ok && root != r.p.tree.root() {
		return damaged(s.f.Name(), at, "the %d records up to here are not those of their checkpoint", size)
	}
	return nil
}

// record takes one in. Those that the known root covers are not looked at.
func (r *replay) record(s *segment, fr frame, at int64) error {
	if fr.mark != markBatch && fr.mark != markMore {
		return damaged(s.f.Name(), at, "a frame with mark %q", fr.mark)
	}
	if r.p.tree.size >= r.size {
		rec, err := audit.ParseLine(fr.line)
		if err != nil || rec.Seq != r.p.tree.size {
			return damaged(s.f.Name(), at, "not record %d: %v", r.p.tree.size, err)
		}
		r.p.clock = later(r.p.clock, rec)
		if rec.Note != "" {
			r.out.noted = append(r.out.noted, rec)
		}
	}
	r.p.tree.push(tlog.LeafHash(fr.line))
	return nil
}

// endOf looks at what stands after a segment's frames.
func (r *replay) endOf(s *segment, last bool, size int64) error {
	if !last {
		if r.p.end != size {
			return damaged(s.f.Name(), r.p.end, "record %d does not read", r.p.tree.size)
		}
		return nil
	}
	if r.p.tree.size < r.size {
		return damaged(s.f.Name(), r.p.end, "record %d does not read, and %d were acknowledged", r.p.tree.size, r.size)
	}
	after, err := lookAfter(s.f, r.p.end, size)
	if err != nil {
		return err
	}
	if after.later && !r.cut {
		return damaged(s.f.Name(), r.p.end, "record %d does not read, and later ones were written", r.p.tree.size)
	}
	r.out.dirty = after.dirty
	return nil
}

// finish holds the log to its checkpoints: one beyond its end says that it is older.
func (r *replay) finish() (replayed, error) {
	for _, size := range slices.Sorted(maps.Keys(r.roots)) {
		if size > r.p.tree.size {
			return r.out, fmt.Errorf("%w: the log has %d records, and a checkpoint of %d", ErrDamaged, r.p.tree.size, size)
		}
	}
	f, out := r.f, &r.out
	out.stale = r.p.tree.size != r.size || r.in != f.last().first || r.stored != r.p.checkpoints
	out.p = r.p
	if n := r.p.tree.size - r.size; n > 0 {
		f.tell("%d records after head were taken in: they were written before a crash", n)
	}
	if n := out.dirty - out.p.end; n > 0 {
		f.torn = n
		f.tell("%s: %d bytes from byte %d on are a batch that nobody was told of, and are overwritten",
			f.last().f.Name(), n, out.p.end)
	}
	return *out, nil
}
