package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"stellad/audit"
	"stellad/tlog"
)

// batch is what one sync makes durable.
type batch struct {
	p       point // the log with it, but for where the frames end
	members []*pending
	lines   []byte // frames
	notes   []byte // frames
}

// write is the writer.
func (j *Journal) write() {
	defer j.ended.Done()
	expected, took := 0, time.Duration(0)
	for {
		select {
		case task := <-j.tasks:
			task()
		case <-j.line.ready:
			// Those whom the last batch answered come back one by one, to those who came
			// meanwhile; the first of them must not make the others wait for a sync more. Who
			// writes alone waits for nobody.
			j.line.await(expected, min(took/4, time.Millisecond))
			all, began := j.line.take(), time.Now()
			j.commit(all)
			expected, took = len(all)+j.line.length(), time.Since(began)
		case <-j.stop:
			j.commit(j.line.close())
			return
		}
	}
}

// commit writes those who wait, one batch for each segment that they go into.
func (j *Journal) commit(all []*pending) {
	for len(all) > 0 {
		b, rest := j.gather(all)
		err := j.commitBatch(b)
		for _, p := range b.members {
			p.decide(err)
		}
		all = rest
	}
}

// gather takes from all what fits into the segment. Who can't be written is told at once.
func (j *Journal) gather(all []*pending) (b *batch, rest []*pending) {
	j.lookAtSpace()
	if err := j.makeRoom(); err != nil {
		for _, p := range all {
			p.decide(err)
		}
		return &batch{}, nil
	}
	b = &batch{p: j.point(), lines: make([]byte, 0, min(512*len(all), 1<<20))}
	b.p.tree = b.p.tree.clone()
	now, up := j.time(), j.o.Up()
	for i, p := range all {
		p.rec.Seq, p.rec.Time, p.rec.Boot, p.rec.Up = b.p.tree.size, now, j.o.Boot, int64(up)
		line, note, err := j.lines(p, b.p.clock)
		if err != nil {
			p.decide(err)
			continue
		}
		if b.p.end+int64(len(b.lines)+len(line)+overhead) > j.files.capacity {
			return b, all[i:]
		}
		b.add(p, line, note)
	}
	return b, nil
}

func (b *batch) add(p *pending, line, note []byte) {
	mark := byte(markMore)
	if len(b.members) == 0 {
		mark = markBatch
	}
	b.lines = appendFrame(b.lines, mark, line)
	if note != nil {
		b.notes = appendFrame(b.notes, markMore, note)
	}
	b.members = append(b.members, p)
	b.p.tree.push(tlog.LeafHash(line))
	b.p.clock = later(b.p.clock, &p.rec)
}

// lines gives a record's line and its annotation's, if it may be written.
func (j *Journal) lines(p *pending, clock time.Time) (line, note []byte, err error) {
	if err := j.admit(p, clock); err != nil {
		return nil, nil, err
	}
	if len(p.note) > 0 {
		a := audit.Annotation{Seq: p.rec.Seq, Text: p.note}
		rand.Read(a.Salt[:]) // it never fails
		if note, err = a.Line(); err != nil {
			return nil, nil, err
		}
		p.rec.Note = a.Hash()
	}
	line, err = p.rec.Line()
	return line, note, err
}

// commitBatch makes a batch durable and lets the log be with it. With an error the log
// stays as it was, and is read-only.
func (j *Journal) commitBatch(b *batch) error {
	if len(b.members) == 0 {
		return nil
	}
	j.dropBallast()
	if err := j.makeDurable(b); err != nil {
		return j.failed(err)
	}
	j.publish(b.p)
	return nil
}

// makeDurable writes in the order that the package's comment gives.
func (j *Journal) makeDurable(b *batch) error {
	f, s := j.files, j.files.last()
	if len(b.notes) > 0 {
		// A crash here leaves the annotations, or any part of them, and no records to them.
		if err := f.appendNotes(b.p.notes, b.notes); err != nil {
			return err
		}
		b.p.notes += int64(len(b.notes))
	}
	if err := f.sys.write(s.f, b.lines, b.p.end); err != nil {
		return err
	}
	// A crash here leaves any part of the batch.
	if err := f.sys.sync(s.f); err != nil {
		return err
	}
	b.p.end += int64(len(b.lines))
	if err := f.movedLast(s, b.p); err != nil {
		return err
	}
	// A crash here leaves the batch after head: it is taken in, though nobody was told.
	return f.writeHead(b.p)
}

// makeRoom begins the next segment where a record may not fit into this one.
func (j *Journal) makeRoom() error {
	p := j.point()
	if p.end+maxFrame <= j.files.capacity {
		return nil
	}
	j.dropBallast()
	s, err := j.files.rotate(p)
	if err != nil {
		return j.failed(err)
	}
	j.mu.Lock()
	j.files.segments = append(j.files.segments, s)
	j.now.in, j.now.end, j.now.notes = s.first, s.start.end, 0
	j.mu.Unlock()
	if err := j.files.makeSpare(); err != nil { // the next rotation tries again
		j.o.Log.Error("no room for the segment after this one", "error", err)
	}
	return nil
}

// failed turns an error of a write into the cause of being read-only.
func (j *Journal) failed(err error) error {
	switch {
	case errors.Is(err, ErrMoved):
		return j.refuse(moved, err)
	case errors.Is(err, unix.ENOSPC):
		return j.refuse(disk, fmt.Errorf("%w: %w", ErrNoSpace, err))
	}
	return j.refuse(disk, fmt.Errorf("%w: %w", ErrDisk, err))
}
