package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"stellad/audit"
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

// ledger is what is known of annotations: those that were erased, and what records say of that.
type ledger struct {
	roots    map[uint64]tlog.Hash // of checkpoints, by size
	present  int
	erased   map[uint64]bool
	recorded map[uint64]bool
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
	t := s.start.tree.grown()
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

func (l *ledger) record(rec *audit.Record) error {
	body, err := rec.Decode()
	if err != nil {
		return fmt.Errorf("record %d: %w", rec.Seq, err)
	}
	if b, ok := body.(*audit.Erase); ok {
		for _, seq := range b.Seqs {
			l.recorded[seq] = true
		}
	}
	return nil
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

// explain holds erased annotations to the erase records: a text must not vanish
// without one, nor be there with one. An erasure that ended meanwhile has a record after v.
func (j *Journal) explain(v view, l *ledger) error {
	for seq := range l.recorded {
		if !l.erased[seq] {
			return fmt.Errorf("%w: the annotation of record %d is there, and a record says that it was erased", ErrDamaged, seq)
		}
	}
	if l.explained() == nil {
		return nil
	}
	if err := j.explainLater(v, l); err != nil {
		return err
	}
	return l.explained()
}

func (l *ledger) explained() error {
	for seq := range l.erased {
		if !l.recorded[seq] {
			return fmt.Errorf("%w: the annotation of record %d was erased, and no record says so", ErrDamaged, seq)
		}
	}
	return nil
}

// explainLater looks at what was erased after v: the writer does it in one go.
func (j *Journal) explainLater(v view, l *ledger) error {
	err := j.do(func() error {
		e, err := j.files.readErasing()
		if err != nil || e == nil {
			return err
		}
		for _, s := range e.spans {
			l.recorded[s.Seq] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.Replay(v.p.tree.size, func(rec *audit.Record) error {
		if rec.Type != typeErase {
			return nil
		}
		return l.record(rec)
	})
}
