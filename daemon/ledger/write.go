package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stellad/access"
	"stellad/audit"
	"stellad/store"
)

// A Call is the call of the API that a record is about.
type Call struct {
	Actor   access.Actor
	Socket  string
	Method  string // "/stella.v1.AccessService/Reload", as gRPC has it
	Request string // its ID
}

// Draft is a record of the call, of a type at version 1. A nil Call is the daemon itself.
func (c *Call) Draft(kind string) audit.Record {
	rec := audit.Record{Type: kind, V: 1}
	if c != nil {
		rec.Actor = &audit.Actor{UID: c.Actor.UID, GID: c.Actor.GID}
		rec.Socket, rec.Request = c.Socket, c.Request
		if c.Method != "" {
			rec.Method = c.Method[1:]
		}
	}
	return rec
}

// Denied writes a denial, or counts it where its user has had enough of them this minute.
func (l *Ledger) Denied(ctx context.Context, c *Call, permission access.Permission, reason string) error {
	if !l.tallies.denial(c.Actor.UID, c.Method[1:]) {
		return nil
	}
	rec := c.Draft(typeDenial)
	rec.Outcome = "denied"
	return l.write(ctx, rec, audit.Denial{Permission: permission.String()}, map[string]string{"reason": reason})
}

// Answered counts a call of the fast path. It never waits.
func (l *Ledger) Answered(c *Call, verdict string) {
	l.tallies.answered(c.Actor.UID, c.Method[1:], verdict)
}

// Acted writes an act that the caller is about to do, or has done nothing of: when it returns nil the record is
// durable. Target names what it is done to.
func (l *Ledger) Acted(ctx context.Context, c *Call, target string) error {
	rec := c.Draft(typeCall)
	rec.Target, rec.Outcome = target, "ok"
	return l.write(ctx, rec, nil, nil)
}

// PutPolicy writes which access policy comes into force. c is nil where the daemon found it by itself.
func (l *Ledger) PutPolicy(ctx context.Context, c *Call, p audit.Policy) error {
	rec := c.Draft(typePolicy)
	rec.Outcome = "ok"
	return l.write(ctx, rec, p, nil)
}

// PutTrust writes which trust root comes into force.
func (l *Ledger) PutTrust(ctx context.Context, t audit.Trust) error {
	return l.write(ctx, audit.Record{Type: typeTrust, V: 1}, t, nil)
}

// Write appends a record and folds it, and returns it as it stands in the log. An error means that it must not be acted
// on.
func (l *Ledger) Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error) {
	if body != nil {
		var err error
		if rec.Body, err = audit.MarshalBody(body); err != nil {
			return nil, err
		}
	}
	written, err := l.journal.Append(ctx, rec, note)
	if err != nil {
		return nil, fmt.Errorf("%s record: %w", rec.Type, err)
	}
	return written, l.fold(written)
}

func (l *Ledger) write(ctx context.Context, rec audit.Record, body any, note map[string]string) error {
	_, err := l.Write(ctx, rec, body, note)
	return err
}

// errFold is wrapped where a durable record could not be folded.
var errFold = errors.New("a view can't follow the audit log")

// belowFloor are the types that the journal takes where the disk is too full for every other, and for the views.
var belowFloor = map[string]bool{typeReadOnly: true, typeStop: true, typeErase: true}

// fold brings the views up to a record. Who comes first does it for those who come after: one order, the log's.
func (l *Ledger) fold(rec *audit.Record) error {
	seq := rec.Seq
	l.folding.Lock()
	defer l.folding.Unlock()
	next := l.store.Applied(standing)
	if next > seq {
		return nil
	}
	ctx := context.Background() // the record counts, whether or not its caller still waits
	err := l.replay(next, func(seq uint64, line []byte) error { return l.store.Apply(ctx, seq, line) })
	if errors.Is(err, store.ErrNoSpace) && belowFloor[rec.Type] {
		l.log.Debug("the views wait for room on the disk", "error", err)
		return nil // it says nothing that they hold; the next record that is folded takes it along
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errFold, err)
		l.failed(err)
	}
	return err
}

// flush writes the tallies. What can't be written is counted on.
func (l *Ledger) flush(ctx context.Context) {
	for _, tally := range l.tallies.take(time.Now()) {
		if err := l.write(ctx, audit.Record{Type: typeTally, V: 1}, tally, nil); err != nil && !errors.Is(err, errFold) {
			l.log.Error("a tally waits for the next minute", "error", err)
			l.tallies.giveBack(tally)
		}
	}
}

// Erase erases annotations, and returns the seq of the record that says so.
func (l *Ledger) Erase(ctx context.Context, c *Call, seqs []uint64) (uint64, error) {
	draft := c.Draft("")
	draft.Outcome = "ok"
	rec, err := l.journal.Erase(ctx, draft, seqs...)
	if err != nil {
		return 0, err
	}
	return rec.Seq, l.fold(rec)
}

// AcceptTime takes the clock as it is, and returns the seq of the record that says so.
func (l *Ledger) AcceptTime(ctx context.Context, c *Call) (uint64, error) {
	draft := c.Draft("")
	draft.Outcome = "ok"
	rec, err := l.journal.AcceptTime(ctx, draft, nil)
	if err != nil {
		return 0, err
	}
	// An erasure that a crash cut short could not be recorded by that clock.
	if err := l.journal.Retry(); err != nil {
		l.log.Error("the clock is accepted, and the audit log stays read-only", "error", err)
	}
	return rec.Seq, l.fold(rec)
}
