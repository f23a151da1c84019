package audit

import (
	"errors"
	"fmt"
	"time"
)

// ErrOrder says that a record can't follow those before it.
var ErrOrder = errors.New("out of order")

// ClockTolerance is how far below the latest time of the log a record's may be with
// no time record before it. A daemon whose clock stands lower is read-only.
const ClockTolerance = 10 * time.Second

// Order holds each record of a log to those before it: seqs without gaps; a genesis
// record first and nowhere else; the boot-time clock never back within a boot; the
// time never more than ClockTolerance below the latest since the last time record.
// The zero value is before the first record. docs/formats/audit.md §5.
type Order struct {
	next   uint64
	latest time.Time        // since the last time record; the zero time before the first record
	up     map[string]int64 // the last Up of each boot
}

// OrderFrom gives the order of a log of which the first seq records are not at hand.
func OrderFrom(seq uint64) *Order { return &Order{next: seq} }

// Next gives the seq of the next record.
func (o *Order) Next() uint64 { return o.next }

// Latest gives the latest time since the last time record, zero where there is none.
func (o *Order) Latest() time.Time { return o.latest }

// Follow takes the next record, or wraps ErrOrder and changes nothing.
func (o *Order) Follow(r *Record) error {
	if err := o.follows(r); err != nil {
		return fmt.Errorf("record %d: %w: %w", o.next, ErrOrder, err)
	}
	if o.up == nil {
		o.up = map[string]int64{}
	}
	o.up[r.Boot] = r.Up
	if r.Type == "time" || r.Time.After(o.latest) {
		o.latest = r.Time
	}
	o.next++
	return nil
}

func (o *Order) follows(r *Record) error {
	switch {
	case r.Seq != o.next:
		return fmt.Errorf("its seq is %d", r.Seq)
	case (r.Type == "genesis") != (r.Seq == 0):
		return errors.New("a genesis record stands first, and nowhere else")
	case r.Up < o.up[r.Boot]:
		return fmt.Errorf("the boot-time clock went back from %d to %d ns", o.up[r.Boot], r.Up)
	case r.Type == "time":
		return accepts(r)
	case r.Time.Before(o.latest.Add(-ClockTolerance)):
		return fmt.Errorf("the time went back by %s with no time record", o.latest.Sub(r.Time))
	}
	return nil
}

// accepts holds a time record to the jump that it names.
func accepts(r *Record) error {
	b, err := r.Decode()
	if errors.Is(err, ErrUnknownType) {
		return nil
	}
	if err != nil {
		return err
	}
	if away := r.Time.Sub(time.Time(b.(*Time).To)).Abs(); away > ClockTolerance {
		return fmt.Errorf("a time record written %s away from the time that it accepts", away)
	}
	return nil
}
