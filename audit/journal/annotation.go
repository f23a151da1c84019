package journal

import (
	"errors"
	"fmt"

	"stellad/audit"
)

// Annotation gives the annotation of a record, compared with the record's hash of it:
// ErrNoAnnotation where the record has none, ErrErased where it was erased.
func (j *Journal) Annotation(seq uint64) (*audit.Annotation, error) {
	rec, err := j.Read(seq)
	if err != nil {
		return nil, err
	}
	v := j.view()
	defer v.release()
	i := v.of(seq)
	_, end := v.end(i)
	return v.segments[i].annotation(rec, end)
}

// annotation reads rec's annotation from its file, of which the frames end at end.
func (s *segment) annotation(rec *audit.Record, end int64) (*audit.Annotation, error) {
	if rec.Note == "" {
		return nil, fmt.Errorf("%w: record %d has none", ErrNoAnnotation, rec.Seq)
	}
	n := s.notes.Load()
	if n == nil {
		return nil, damaged(s.f.Name(), 0, "the file of its annotations is missing")
	}
	at, err := n.find(s.first, rec.Seq, end)
	if err != nil {
		return nil, err
	}
	line, err := n.read(at)
	if err != nil {
		return nil, err
	}
	if _, erased, err := noteSeq(line); err != nil || erased {
		return nil, errors.Join(err, fmt.Errorf("%w: of record %d", ErrErased, rec.Seq))
	}
	a, err := audit.ParseAnnotation(line)
	if err != nil || a.Hash() != rec.Note {
		return nil, damaged(n.f.Name(), at.At, "not the annotation of record %d", rec.Seq)
	}
	return a, nil
}
