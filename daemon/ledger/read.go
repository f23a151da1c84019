package ledger

import (
	"context"
	"errors"
	"iter"

	"stellad/audit"
	"stellad/audit/journal"
)

// Entry is a record, its exact line, and its annotation, which is nil where there is none or it was erased.
type Entry struct {
	Record     *audit.Record
	Line       []byte // without LF
	Annotation map[string]string
}

// Entries gives the records from first on that select wants, oldest first: those that there are and, with follow, those
// to come until ctx ends.
func (l *Ledger) Entries(ctx context.Context, first uint64, follow bool, wants func(*audit.Record) bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		sizes := l.journal.Follow(ctx)
		for size := range sizes {
			for first < size {
				e, next, err := l.next(ctx, first, wants)
				if err != nil {
					yield(Entry{}, err)
					return
				}
				if first = next; e != nil && !yield(*e, nil) {
					return
				}
			}
			if !follow {
				return
			}
		}
	}
}

// next gives the first record from one on that is wanted, and the seq after it; nil where there is none yet.
func (l *Ledger) next(ctx context.Context, from uint64, wants func(*audit.Record) bool) (*Entry, uint64, error) {
	for line, err := range l.journal.Lines(from) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, from, err
		}
		rec, err := audit.ParseLine(line)
		if err != nil {
			return nil, from, err
		}
		from++
		if wants(rec) {
			e, err := l.entry(rec, line)
			return e, from, err
		}
	}
	return nil, from, nil
}

func (l *Ledger) entry(rec *audit.Record, line []byte) (*Entry, error) {
	e := &Entry{Record: rec, Line: append([]byte(nil), line...)}
	if rec.Note == "" {
		return e, nil
	}
	switch a, err := l.journal.Annotation(rec.Seq); {
	case errors.Is(err, journal.ErrErased):
		return e, nil
	case err != nil:
		return nil, err
	default:
		e.Annotation = a.Text
		return e, nil
	}
}

// Export writes an export of the log as it is after this call's own record of it, from an older checkpoint on if since
// is not nil.
func (l *Ledger) Export(ctx context.Context, c *Call, since []byte, put audit.Sink) (*audit.Result, error) {
	if err := l.Acted(ctx, c, ""); err != nil {
		return nil, err
	}
	latest, err := l.journal.Checkpoint()
	if err != nil {
		return nil, err
	}
	return audit.Export(put, source{l.journal}, audit.ExportOptions{Key: l.key.Public, Checkpoint: latest, Since: since})
}

// source is the log, for an export.
type source struct{ *journal.Journal }

func (s source) Lines(first, end uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for line, err := range s.Journal.Lines(first) {
			if first == end || !yield(line, err) {
				return
			}
			first++
		}
	}
}

func (s source) Annotations(first, end uint64) iter.Seq2[audit.Annotation, error] {
	return func(yield func(audit.Annotation, error) bool) {
		for line, err := range s.Lines(first, end) {
			a, err := s.annotation(line, err)
			if (a != nil || err != nil) && !yield(value(a), err) {
				return
			}
		}
	}
}

// annotation gives nil where the line has none, or it was erased.
func (s source) annotation(line []byte, err error) (*audit.Annotation, error) {
	if err != nil {
		return nil, err
	}
	rec, err := audit.ParseLine(line)
	if err != nil || rec.Note == "" {
		return nil, err
	}
	a, err := s.Annotation(rec.Seq)
	if errors.Is(err, journal.ErrErased) {
		return nil, nil
	}
	return a, err
}

func value(a *audit.Annotation) audit.Annotation {
	if a == nil {
		return audit.Annotation{}
	}
	return *a
}

func (s source) Checkpoints() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		sizes, err := s.Journal.Checkpoints()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, size := range sizes {
			if note, err := s.ReadCheckpoint(size); !yield(note, err) || err != nil {
				return
			}
		}
	}
}
