package audit

import "errors"

// ledger holds annotations to the records: each record with a note has its
// annotation, or a later record that erased it, and never both.
type ledger struct {
	first                  uint64 // what is said of earlier records can't be judged here
	noted, present, erased bits
}

// take enters one record, of which the annotation, if it is there, has the hash that
// it should.
func (l *ledger) take(r *Record, has bool) error {
	l.noted.set(r.Seq-l.first, r.Note != "")
	l.present.set(r.Seq-l.first, has)
	if r.Type != "erase" {
		return nil
	}
	b, err := r.Decode()
	if errors.Is(err, ErrUnknownType) {
		return nil // and what it erased is missing
	}
	if err != nil {
		return err
	}
	for _, seq := range b.(*Erase).Seqs {
		if seq >= r.Seq || seq >= l.first && !l.noted.get(seq-l.first) {
			return tamperedf(recordAt(r.Seq), "it erases the annotation of record %d, which has none", seq)
		}
		if seq >= l.first {
			l.erased.set(seq-l.first, true)
		}
	}
	return nil
}

// finish counts the annotations that are there and that were erased.
func (l *ledger) finish() (present, erased uint64, err error) {
	for i := range uint64(len(l.noted) * 64) {
		switch noted, has, gone := l.noted.get(i), l.present.get(i), l.erased.get(i); {
		case has && gone:
			return 0, 0, tamperedf(annotationOf(l.first+i), "it is there, though a record says that it was erased")
		case noted && !has && !gone:
			return 0, 0, tamperedf(annotationOf(l.first+i), "it is missing, and no record says that it was erased")
		case has:
			present++
		case gone:
			erased++
		}
	}
	return present, erased, nil
}

// bits is a set of small numbers, at a bit each.
type bits []uint64

func (b *bits) set(n uint64, to bool) {
	for uint64(len(*b)) <= n/64 {
		*b = append(*b, 0)
	}
	if to {
		(*b)[n/64] |= 1 << (n % 64)
	}
}

func (b bits) get(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0 }
