package audit

import (
	"errors"
	"fmt"
	"iter"

	"stellad/tlog"
)

// walk goes through a log's records once, from span.first to span.end, and holds
// them to each other, to the tree and to every checkpoint. Writing an export and
// verifying one are the same walk, so that what is written verifies.
type walk struct {
	span
	result *Result
	order  *Order
	tree   *tlog.Range
	tiles  *growth
	notes  ledger
	claims []claim // roots to be met, beside those of marks
	marks  func() (claim, error, bool)
	mark   *claim // the next of marks; nil at their end
}

// newWalk starts a walk that ends at the latest checkpoint.
func newWalk(s span, key *tlog.VerifierKey, latest *tlog.SignedCheckpoint, claims []claim) *walk {
	return &walk{
		span:   s,
		result: &Result{Key: key, Size: s.end, Root: latest.Root, First: s.first, Types: map[string]uint64{}},
		order:  OrderFrom(s.first),
		tree:   new(tlog.Range),
		notes:  ledger{first: s.first},
		claims: append(claims, claim{fileCheckpoint, latest.Size, latest.Root}),
	}
}

// claim is what a checkpoint says: the root at a size.
type claim struct {
	where string
	size  uint64
	root  tlog.Hash
}

// run takes all batches. marks gives the claims of the log's checkpoints by
// ascending size; it is drawn as the records reach them.
func (w *walk) run(items iter.Seq2[*batch, error], marks iter.Seq2[claim, error], work, take func(*batch) error) error {
	next, stop := iter.Pull2(marks)
	defer stop()
	w.marks = next
	if err := errors.Join(w.draw(), w.meet()); err != nil {
		return err
	}
	err := inOrder(items, work, func(b *batch) error {
		if err := w.take(b); err != nil {
			return err
		}
		return take(b)
	})
	if err != nil {
		return err
	}
	return w.finish()
}

func (w *walk) take(b *batch) error {
	for i, r := range b.records {
		if err := w.order.Follow(r); err != nil {
			return tampered(recordsFile(r.Seq/chunkSize), err)
		}
		if err := w.genesis(r); err != nil {
			return tampered(recordAt(r.Seq), err)
		}
		if err := w.notes.take(r, b.annotations[i] != nil); err != nil {
			return err
		}
		w.result.count(r)
		if err := w.tiles.append(b.leaves[i]); err != nil {
			return err
		}
		w.tree.Append(b.leaves[i])
		if err := w.meet(); err != nil {
			return err
		}
	}
	return nil
}

// genesis holds the first record to the key that signed.
func (w *walk) genesis(r *Record) error {
	if r.Seq != 0 {
		return nil
	}
	b, err := r.Decode()
	if err != nil {
		return err
	}
	g, key := b.(*Genesis), w.result.Key
	if g.Origin != key.Name() || g.Key != key.String() {
		return fmt.Errorf("the genesis record is of %s with key %s", g.Origin, g.Key)
	}
	return nil
}

// meet holds the root, as it is now, to every claim on this size.
func (w *walk) meet() error {
	for _, c := range w.claims {
		if err := w.holds(c); err != nil {
			return err
		}
	}
	for w.mark != nil && w.mark.size == w.tree.Size() {
		if err := w.holds(*w.mark); err != nil {
			return err
		}
		w.result.Checkpoints++
		if err := w.draw(); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) holds(c claim) error {
	if c.size != w.tree.Size() {
		return nil
	}
	if root := w.tree.Root(); c.root != root {
		return tamperedf(c.where, "the root of %d records is %s, not %s", c.size, root, c.root)
	}
	return nil
}

func (w *walk) draw() error {
	c, err, ok := w.marks()
	w.mark = nil
	if ok && err == nil {
		w.mark = &c
	}
	return err
}

func (w *walk) finish() (err error) {
	if w.mark != nil {
		return tamperedf(w.mark.where, "a checkpoint of %d records, where the log has %d", w.mark.size, w.end)
	}
	if err := w.tiles.finish(); err != nil {
		return err
	}
	w.result.Boots = len(w.order.up)
	w.result.Annotations, w.result.Erased, err = w.notes.finish()
	return err
}
