package journal

import (
	"context"
	"fmt"
	"time"

	"stellad/audit"
)

// essential records are written even on a disk that is nearly full: what frees
// something, and what says why nothing else is written.
var essential = map[string]bool{"erase": true, "readonly": true, "stop": true}

// pending is a record that waits to be written.
type pending struct {
	rec     audit.Record
	note    map[string]string
	accepts bool          // it takes the clock as it is
	erases  bool          // it tells of an erasure that was done
	done    chan struct{} // closed once it is decided
	err     error         // how; read after done
}

func newPending(draft audit.Record, note map[string]string) *pending {
	return &pending{rec: draft, note: note, done: make(chan struct{})}
}

func (p *pending) decide(err error) {
	p.err = err
	close(p.done)
}

func (p *pending) outcome() (*audit.Record, error) {
	if p.err != nil {
		return nil, p.err
	}
	return &p.rec, nil
}

// Append writes a record and its annotation, which may be nil, and returns the record
// as it stands in the log: Seq, Time, Boot, Up and Note, which draft leaves empty, are
// set. When it returns nil, both are durable. With an error the caller must not act:
// ErrReadOnly with its cause, ErrClosed, audit.ErrRecord or audit.ErrAnnotation for what
// can't be written, or ctx's error. Draft and note are not to be changed before it returns,
// and after ErrStalled never.
//
// It never waits longer than Options.Stall. Where the disk hangs it wraps ErrStalled,
// and the record may yet be written; then it counts: see "Records nobody was told of".
// With every other error but ErrDisk and ErrMoved it will not be in the log. ctx ends
// the wait for the writer, not that for the disk.
func (j *Journal) Append(ctx context.Context, draft audit.Record, note map[string]string) (*audit.Record, error) {
	return j.append(ctx, newPending(draft, note))
}

// AcceptTime writes a time record and takes the clock as it is: it may stand before the
// last record. Type, V and Body are set. It is refused as Append is, but for ErrClock.
func (j *Journal) AcceptTime(ctx context.Context, draft audit.Record, note map[string]string) (*audit.Record, error) {
	p := newPending(draft, note)
	p.accepts = true
	rec, err := j.append(ctx, p)
	if err == nil {
		j.clear(clock)
	}
	return rec, err
}

func (j *Journal) append(ctx context.Context, p *pending) (*audit.Record, error) {
	if err := j.refuses(p); err != nil {
		return nil, err
	}
	patience := time.NewTimer(j.o.Stall)
	defer patience.Stop()
	if err := j.line.join(p); err != nil {
		return nil, err
	}
	select {
	case <-p.done:
		return p.outcome()
	case <-patience.C:
		return j.giveUp(p)
	case <-ctx.Done():
		if j.line.leave(p) {
			return nil, ctx.Err()
		}
	}
	select { // it is being written
	case <-p.done:
		return p.outcome()
	case <-patience.C:
		return j.giveUp(p)
	}
}

// giveUp makes the journal read-only because p waited too long.
func (j *Journal) giveUp(p *pending) (*audit.Record, error) {
	j.line.leave(p)
	select {
	case <-p.done:
		return p.outcome()
	default:
	}
	return nil, j.refuse(stall, fmt.Errorf("%w: a record waited for %v", ErrStalled, j.o.Stall))
}
