package journal

import (
	"fmt"
	"time"

	"stellad/audit"
)

// Types of records of which the journal itself knows something.
const (
	typeGenesis = "genesis"
	typeTime    = "time"
	typeErase   = "erase"
)

// admit says why a record with its time set may not follow a log whose latest time is
// latest. The writer asks again what Append asked: the answer may have changed since.
func (j *Journal) admit(p *pending, latest time.Time) error {
	j.mu.Lock()
	err := j.forbids(p)
	j.mu.Unlock()
	if err != nil {
		return err
	}
	if p.accepts {
		return p.acceptTime(latest)
	}
	if (p.rec.Type == typeGenesis) != (p.rec.Seq == 0) {
		return fmt.Errorf("%w: a genesis record stands first, and nowhere else", audit.ErrRecord)
	}
	if p.rec.Type == typeTime || p.rec.Type == typeErase && !p.erases {
		return fmt.Errorf("%w: a record of type %s is written by what does it", audit.ErrRecord, p.rec.Type)
	}
	return j.comparesClock(p.rec.Time, latest)
}

func (p *pending) acceptTime(latest time.Time) error {
	if latest.IsZero() {
		latest = p.rec.Time
	}
	body, err := audit.MarshalBody(&audit.Time{From: audit.Instant(latest), To: audit.Instant(p.rec.Time)})
	if err != nil {
		return err
	}
	p.rec.Type, p.rec.V, p.rec.Body = typeTime, 1, body
	return nil
}

// comparesClock makes the journal read-only where the clock stands too far before the
// latest record. By how much it may, auditors check: audit.ClockTolerance.
func (j *Journal) comparesClock(now, latest time.Time) error {
	if now.Before(latest.Add(-audit.ClockTolerance)) {
		return j.refuse(clock, fmt.Errorf("%w: it is %s, and the last record is of %s",
			ErrClock, now.Format(time.RFC3339), latest.Format(time.RFC3339)))
	}
	return nil
}

func (j *Journal) lookAtClock() {
	j.comparesClock(j.time(), j.point().clock) //nolint:errcheck // State tells
}
