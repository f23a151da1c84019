package journal

import (
	"fmt"
	"iter"
	"slices"

	"stellad/audit"
	"stellad/tlog"
)

// view is the log as it was acknowledged at one moment, and the files that hold it.
type view struct {
	f        *files
	segments []*segment
	p        point
}

// view gives the log as it is. It is to be released.
func (j *Journal) view() view {
	j.mu.Lock()
	defer j.mu.Unlock()
	return view{j.files.use(), j.files.segments, j.now}
}

func (v view) release() { v.f.release() }

// end gives where the frames of segment i end, and those of its annotations.
func (v view) end(i int) (end, notes int64) {
	if i+1 < len(v.segments) {
		return v.segments[i+1].before.Bytes, v.segments[i+1].before.Notes
	}
	return v.p.end, v.p.notes
}

// of gives the place of the segment that a record is in.
func (v view) of(seq uint64) int {
	after := slices.IndexFunc(v.segments, func(s *segment) bool { return s.first > seq })
	if after < 0 {
		return len(v.segments) - 1
	}
	return after - 1
}

// Lines gives the lines of the records from one on, without LF, up to the last that was
// acknowledged when it began: the leaves, as they are hashed. A line is good until the
// next. Each is as it was written; ErrDamaged ends it where that is not so.
func (j *Journal) Lines(from uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		v := j.view()
		defer v.release()
		for i := v.of(from); i < len(v.segments); i++ {
			if more := v.lines(i, max(from, v.segments[i].first), yield); !more {
				return
			}
		}
	}
}

// lines gives those of segment i from one on.
func (v view) lines(i int, from uint64, yield func([]byte, error) bool) (more bool) {
	s, last := v.segments[i], v.p.tree.size
	if i+1 < len(v.segments) {
		last = v.segments[i+1].first
	}
	if from >= last {
		return true
	}
	end, _ := v.end(i)
	at, err := s.find(from, end)
	if err != nil {
		yield(nil, err)
		return false
	}
	for r := newReader(s.f, at, end); from < last; from++ {
		fr, ok, err := r.next()
		if err == nil && !ok {
			err = damaged(s.f.Name(), r.at, "record %d does not read", from)
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		if !yield(fr.line, nil) {
			return false
		}
	}
	return true
}

// Replay calls fn with each record from one on, up to the last that was acknowledged
// when it began, and ends with fn's first error.
func (j *Journal) Replay(from uint64, fn func(*audit.Record) error) error {
	for line, err := range j.Lines(from) {
		if err != nil {
			return err
		}
		rec, err := parseRecord(line, from)
		if err != nil {
			return err
		}
		if err := fn(rec); err != nil {
			return err
		}
		from++
	}
	return nil
}

func parseRecord(line []byte, seq uint64) (*audit.Record, error) {
	rec, err := audit.ParseLine(line)
	if err == nil && rec.Seq != seq {
		err = fmt.Errorf("its seq is %d", rec.Seq)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: record %d: %w", ErrDamaged, seq, err)
	}
	return rec, nil
}

// Read gives one record, or ErrNoRecord.
func (j *Journal) Read(seq uint64) (*audit.Record, error) {
	for line, err := range j.Lines(seq) {
		if err != nil {
			return nil, err
		}
		return parseRecord(line, seq)
	}
	return nil, fmt.Errorf("%w: %d", ErrNoRecord, seq)
}

// RootAt gives the root over the first size records, read anew: what a checkpoint of
// that size must say. ErrNoRecord where there are fewer.
func (j *Journal) RootAt(size uint64) (tlog.Hash, error) {
	v := j.view()
	defer v.release()
	if size > v.p.tree.size {
		return tlog.Hash{}, fmt.Errorf("%w: %d", ErrNoRecord, size)
	}
	i := v.of(size)
	s := v.segments[i]
	t := s.start.tree.clone()
	end, _ := v.end(i)
	for r := newReader(s.f, s.start.end, end); t.size < size; {
		fr, ok, err := r.next()
		if err != nil {
			return tlog.Hash{}, err
		}
		if !ok {
			return tlog.Hash{}, damaged(s.f.Name(), r.at, "record %d does not read", t.size)
		}
		t.push(tlog.LeafHash(fr.line))
	}
	return t.root(), nil
}
