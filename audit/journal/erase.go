package journal

import (
	"context"
	"errors"
	"os"
	"slices"

	"stellad/audit"
)

// Erase overwrites the annotations of records on disk and then writes an erase record
// of them, for which draft gives who asked; Type, V and Body are set. The tree's root
// changes by that record alone. ErrNoAnnotation and ErrErased, for any of seqs, before
// anything is done; ErrReadOnly as Append. With another error it may have been begun:
// then the next Retry or start finishes it, and writes the record.
func (j *Journal) Erase(_ context.Context, draft audit.Record, seqs ...uint64) (*audit.Record, error) {
	p := newPending(draft, nil)
	p.rec.Type, p.erases = typeErase, true
	if err := j.refuses(p); err != nil {
		return nil, err
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	if err := j.do(func() error { return j.erase(p, seqs) }); err != nil {
		if errors.Is(err, ErrStalled) {
			return nil, j.refuse(stall, err)
		}
		return nil, err
	}
	return p.outcome()
}

// erase is the writer's.
func (j *Journal) erase(p *pending, seqs []uint64) error {
	if err := j.finishErasing(); err != nil {
		return err
	}
	spans, err := j.spans(seqs)
	if err != nil {
		return err
	}
	body, err := audit.MarshalBody(&audit.Erase{Seqs: seqs})
	if err != nil {
		return err
	}
	now := j.point()
	p.rec.V, p.rec.Body = 1, body
	p.rec.Seq, p.rec.Time, p.rec.Boot, p.rec.Up = now.tree.size, j.time(), j.o.Boot, int64(j.o.Up())
	if err := j.admit(p, now.clock); err != nil {
		return err
	}
	content, err := erasing{p.rec, spans}.frames()
	if err != nil {
		return err
	}
	j.dropBallast()
	j.setErasing(true)
	if err := j.files.place("erasing", content); err != nil {
		return j.failed(err)
	}
	// A crash from here on leaves what says how to go on: the next start overwrites the
	// texts again, of which any part may be gone, and writes the record if it is missing.
	for _, s := range spans {
		if err := j.files.overwrite(j.notesOf(s.File).f, s); err != nil {
			return j.failed(err)
		}
	}
	return j.recordErasing(p)
}

// recordErasing writes the record of an erasure that was done.
func (j *Journal) recordErasing(p *pending) error {
	j.commit([]*pending{p})
	if p.err != nil {
		return p.err
	}
	return j.forgetErasing()
}

// forgetErasing ends an erasure of which there is a record.
func (j *Journal) forgetErasing() error {
	if err := os.Remove(j.files.path("erasing")); err != nil {
		return j.failed(err)
	}
	// A crash here leaves the file or not; with it, the next start finds the record.
	if err := j.files.syncFolder("."); err != nil {
		return j.failed(err)
	}
	j.setErasing(false)
	return nil
}

func (j *Journal) setErasing(begun bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.erasing = begun
}

// finishErasing does what is left of an erasure whose texts open overwrote.
func (j *Journal) finishErasing() error {
	e, err := j.files.readErasing()
	j.setErasing(err != nil || e != nil)
	if err != nil || e == nil {
		return err
	}
	if done, err := j.recorded(e.rec); err != nil {
		return err
	} else if done {
		return j.forgetErasing()
	}
	p := newPending(e.rec, nil)
	p.erases = true
	return j.recordErasing(p)
}

// recorded says whether the log has the record of an erasure that was to have rec's seq or a later one.
func (j *Journal) recorded(rec audit.Record) (done bool, err error) {
	err = j.Replay(rec.Seq, func(r *audit.Record) error {
		done = done || r.Type == typeErase && string(r.Body) == string(rec.Body)
		return nil
	})
	return done, err
}

// spans finds the annotations to erase.
func (j *Journal) spans(seqs []uint64) ([]span, error) {
	var spans []span
	for _, seq := range seqs {
		if _, err := j.Annotation(seq); err != nil {
			return nil, err
		}
		v := j.view()
		i := v.of(seq)
		_, end := v.end(i)
		s, err := v.segments[i].notes.Load().find(v.segments[i].first, seq, end)
		v.release()
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func (j *Journal) notesOf(first uint64) *notes {
	for _, s := range j.files.segments {
		if s.first == first {
			return s.notes.Load()
		}
	}
	return nil
}
