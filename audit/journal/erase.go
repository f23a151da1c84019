package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	return nil
}

// finishErasing does what is left of an erasure whose texts open overwrote.
func (j *Journal) finishErasing() error {
	e, err := j.files.readErasing()
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

// erasing is an erasure under way: its record, as it was to be written, and the places
// to overwrite. The file has a frame for each.
type erasing struct {
	rec   audit.Record
	spans []span
}

func (e erasing) frames() ([]byte, error) {
	line, err := e.rec.Line()
	if err != nil {
		return nil, err
	}
	b := appendFrame(nil, markFile, line)
	for _, s := range e.spans {
		b = appendFrame(b, markMore, fmt.Appendf(nil, "%d %d %d %d", s.Seq, s.File, s.At, s.Size))
	}
	return b, nil
}

// readErasing gives the erasure under way, or nil.
func (f *files) readErasing() (*erasing, error) {
	path := f.path("erasing")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := &erasing{}
	for at := 0; at < len(b); {
		fr, ok := parseFrame(b[at:])
		if !ok || (fr.mark == markFile) != (at == 0) {
			return nil, damaged(path, int64(at), "the frame does not read")
		}
		if err := e.parse(fr); err != nil {
			return nil, damaged(path, int64(at), "%v", err)
		}
		at += fr.size
	}
	return e, e.whole(path)
}

func (e *erasing) parse(fr frame) error {
	if fr.mark == markFile {
		rec, err := audit.ParseLine(fr.line)
		if err == nil {
			e.rec = *rec
		}
		return err
	}
	var s span
	_, err := fmt.Sscanf(string(fr.line), "%d %d %d %d", &s.Seq, &s.File, &s.At, &s.Size)
	e.spans = append(e.spans, s)
	return err
}

// whole refuses a file that was cut between frames.
func (e *erasing) whole(path string) error {
	body, err := e.rec.Decode()
	if err != nil {
		return damaged(path, 0, "%v", err)
	}
	b, ok := body.(*audit.Erase)
	if !ok || len(b.Seqs) != len(e.spans) {
		return damaged(path, 0, "it names %d places, and not those of its record", len(e.spans))
	}
	return nil
}

// overwriteErasing overwrites the texts of an erasure that a crash interrupted.
func (f *files) overwriteErasing() error {
	e, err := f.readErasing()
	if err != nil || e == nil {
		return err
	}
	f.tell("an erasure of %d annotations was interrupted, and is finished", len(e.spans))
	for _, s := range e.spans {
		file, err := os.OpenFile(notesPath(f.dir, s.File), os.O_RDWR, 0)
		if err != nil {
			return missing(err)
		}
		if err := errors.Join(f.overwrite(file, s), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// overwrite overwrites one annotation in its place, and syncs.
func (f *files) overwrite(file *os.File, s span) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	line := erasedLine(s.Seq, s.Size-overhead)
	if s.At < 0 || s.At+int64(s.Size) > info.Size() || len(line) != s.Size-overhead {
		return damaged(file.Name(), s.At, "there is no annotation of %d bytes to erase", s.Size)
	}
	if err := f.sys.write(file, appendFrame(nil, markMore, line), s.At); err != nil {
		return err
	}
	return f.sys.sync(file)
}
