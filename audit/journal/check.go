package journal

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"stellad/tlog"
)

// Checked is what Check read.
type Checked struct {
	Size        uint64 // records
	Root        tlog.Hash
	Segments    int
	Annotations int // those that are there
	Erased      int
	Checkpoints int
}

// Check reads the whole log as it is when it begins, hashes every line, and holds it to
// the root, the segments' headers, all checkpoints (with their signatures, once SignWith
// gave keys) and all annotations. With ErrDamaged the journal is read-only until a later
// Check finds it whole. Records are written meanwhile.
func (j *Journal) Check(ctx context.Context) (Checked, error) {
	v := j.view()
	defer v.release()
	j.mu.Lock()
	s := j.signer
	j.mu.Unlock()
	c, l, err := v.check(ctx, s)
	if err == nil {
		err = j.explain(v, l)
	}
	if errors.Is(err, ErrDamaged) {
		return c, j.refuse(damage, err)
	}
	if err == nil {
		j.clear(damage)
	}
	return c, err
}

func (v view) check(ctx context.Context, s signer) (Checked, *ledger, error) {
	c := Checked{Size: v.p.tree.size, Root: v.p.tree.root(), Segments: len(v.segments)}
	l := &ledger{erased: map[uint64]bool{}, recorded: map[uint64]bool{}}
	var err error
	if l.roots, err = v.f.checkpointRoots(0); err != nil {
		return c, l, err
	}
	c.Checkpoints = len(l.roots)
	for _, size := range slices.Sorted(maps.Keys(l.roots)) {
		if len(s.keys) == 0 {
			break
		}
		if err := s.verify(v.f, size); err != nil {
			return c, l, err
		}
	}
	for i := range v.segments {
		if err := ctx.Err(); err != nil {
			return c, l, err
		}
		if err := v.checkSegment(i, l); err != nil {
			return c, l, err
		}
	}
	c.Annotations, c.Erased = l.present, len(l.erased)
	return c, l, nil
}

// checkSegment reads segment i and its annotations, from its header's root to the next one's.
func (v view) checkSegment(i int, l *ledger) error {
	s := v.segments[i]
	end, _ := v.end(i)
	t := s.start.tree.clone()
	r := newReader(s.f, s.start.end, end)
	noted := 0
	for r.at < end {
		at := r.at
		fr, ok, err := r.next()
		if err != nil {
			return err
		}
		if !ok || fr.mark != markBatch && fr.mark != markMore {
			return damaged(s.f.Name(), at, "record %d does not read", t.size)
		}
		has, err := v.checkRecord(i, t.size, fr.line, l)
		if err != nil {
			return err
		}
		noted += has
		t.push(tlog.LeafHash(fr.line))
		if root, ok := l.roots[t.size]; ok && root != t.root() {
			return damaged(s.f.Name(), at, "the %d records up to here are not those of their checkpoint", t.size)
		}
	}
	after := v.p.tree
	if i+1 < len(v.segments) {
		after = v.segments[i+1].start.tree
	}
	if t.size != after.size || t.root() != after.root() {
		return damaged(s.f.Name(), 0, "its records do not give the root of the %d up to its end", after.size)
	}
	return v.checkNotes(i, noted)
}

// checkRecord looks into a record that says something of annotations.
func (v view) checkRecord(i int, seq uint64, line []byte, l *ledger) (noted int, err error) {
	if !bytes.Contains(line, []byte(`"note":"`)) && !bytes.HasPrefix(line, []byte(`{"type":"`+typeErase+`"`)) {
		return 0, nil
	}
	rec, err := parseRecord(line, seq)
	if err != nil {
		return 0, err
	}
	if rec.Type == typeErase && l.recorded != nil {
		if err := l.record(rec); err != nil {
			return 0, err
		}
	}
	if rec.Note == "" {
		return 0, nil
	}
	_, end := v.end(i)
	switch _, err := v.segments[i].annotation(rec, end); {
	case err == nil:
		l.present++
	case !errors.Is(err, ErrErased):
		return 0, err
	case l.erased != nil:
		l.erased[seq] = true
	}
	return 1, nil
}

// checkNotes finds annotations that belong to no record.
func (v view) checkNotes(i, noted int) error {
	n := v.segments[i].notes.Load()
	if n == nil {
		return nil
	}
	_, end := v.end(i)
	have := 0
	for r := newReader(n.f, 0, end); r.at < end; have++ {
		if _, ok, err := r.next(); err != nil {
			return err
		} else if !ok {
			return damaged(n.f.Name(), r.at, "an annotation does not read")
		}
	}
	if have != noted {
		return damaged(n.f.Name(), 0, "%d annotations to %d records", have, noted)
	}
	return nil
}
