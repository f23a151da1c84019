package ledger

import (
	"context"
	"errors"
	"time"

	"stellad/audit"
	"stellad/audit/journal"
)

const typeReadOnly = "readonly"

// How often what is looked at.
const (
	everySecond     = time.Second
	everyCheckpoint = 5 * time.Minute
)

// Keep does until ctx ends what no call waits for: it writes the minute's tallies, signs checkpoints, looks whether a
// cause of being read-only is gone, and, once, reads the whole log.
func (l *Ledger) Keep(ctx context.Context) {
	go l.check(ctx)
	second := time.NewTicker(everySecond)
	defer second.Stop()
	minute := time.Now().Truncate(time.Minute)
	signed := time.Now()
	var refused error
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
		}
		refused = l.retry(ctx, refused)
		if now := time.Now(); now.Truncate(time.Minute) != minute {
			minute = now.Truncate(time.Minute)
			l.flush(ctx)
		}
		if time.Since(signed) >= everyCheckpoint {
			signed = time.Now()
			l.checkpoint()
		}
	}
}

// retry looks whether records are taken, and writes when that changed. before is what it last returned.
func (l *Ledger) retry(ctx context.Context, before error) error {
	now := l.journal.State().ReadOnly
	if now != nil {
		now = l.journal.Retry()
	}
	switch {
	case before == nil && now != nil:
		l.turned(ctx, audit.ReadOnly{Cause: causeOf(now), State: "entered"})
	case before != nil && now == nil:
		l.turned(ctx, audit.ReadOnly{Cause: causeOf(before), State: "left"})
	}
	return now
}

// turned writes that the log became read-only, where even that can be written, or that it is no longer.
func (l *Ledger) turned(ctx context.Context, r audit.ReadOnly) {
	l.log.Warn("the audit log turned", "cause", r.Cause, "state", r.State)
	if err := l.write(ctx, audit.Record{Type: typeReadOnly, V: 1}, r, nil); err != nil {
		l.log.Warn("which is not in it", "error", err)
	}
}

var causes = []struct {
	err  error
	code string
}{
	{journal.ErrDamaged, "log.damaged"},
	{journal.ErrMoved, "log.moved"},
	{journal.ErrNoSpace, "disk.full"},
	{journal.ErrStalled, "disk.stalled"},
	{journal.ErrClock, "clock.back"},
	{journal.ErrDisk, "disk.failed"},
}

func causeOf(err error) string {
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "unknown"
}

func (l *Ledger) checkpoint() {
	if _, err := l.journal.Checkpoint(); err != nil {
		l.log.Error("no checkpoint", "error", err)
	}
}

// check reads the whole log once: a start reads what it needs, and rot in an old segment is to be found all the same.
func (l *Ledger) check(ctx context.Context) {
	switch checked, err := l.journal.Check(ctx); {
	case ctx.Err() != nil:
	case err != nil:
		l.log.Error("the audit log does not hold", "error", err)
	default:
		l.log.Info("the audit log holds", "records", checked.Size, "root", checked.Root)
	}
}

// ClockDoubtful tells whether the clock stands before the log's last record, by more than is tolerated.
func (l *Ledger) ClockDoubtful() bool { return errors.Is(l.State().ReadOnly, journal.ErrClock) }

// State is the log at one moment.
func (l *Ledger) State() journal.State { return l.journal.State() }
