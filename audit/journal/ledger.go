package journal

import (
	"fmt"

	"stellad/audit"
	"stellad/tlog"
)

// ledger is what is known of annotations: those that were erased, and what records say of that.
type ledger struct {
	roots    map[uint64]tlog.Hash // of checkpoints, by size
	present  int
	erased   map[uint64]bool
	recorded map[uint64]bool
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
