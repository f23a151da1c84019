package audit

import (
	"errors"
	"testing"
	"time"
)

// TestOrderKeeps holds that a refused record leaves no trace: the next good one
// follows all the same.
func TestOrderKeeps(t *testing.T) {
	m := newLog(t, 40)
	var o Order
	for seq, line := range m.lines {
		r, err := ParseLine(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range []func(r *Record){
			func(r *Record) { r.Seq++ }, func(r *Record) { r.Seq-- },
			func(r *Record) { r.Type, r.Body = map[bool]string{true: "call", false: "genesis"}[seq == 0], nil },
		} {
			bad := *r
			if change(&bad); !errors.Is(o.Follow(&bad), ErrOrder) {
				t.Fatalf("record %d: %+v follows", seq, bad)
			}
		}
		if o.Next() != uint64(seq) {
			t.Fatalf("next is %d", o.Next())
		}
		if err := o.Follow(r); err != nil || !o.Latest().Equal(r.Time) {
			t.Fatalf("record %d: %v", seq, err)
		}
	}
}

// TestOrderFrom starts in the middle: what came before is not known, and not held
// against the first record.
func TestOrderFrom(t *testing.T) {
	r := (&memory{}).record("call", nil2Body)
	r.Seq = 5
	o := OrderFrom(5)
	if err := o.Follow(r); err != nil {
		t.Fatal(err)
	}
	next := *r
	next.Seq, next.Time = 6, r.Time.Add(-ClockTolerance-time.Microsecond)
	if err := o.Follow(&next); !errors.Is(err, ErrOrder) {
		t.Error("the time went back unseen")
	}
	if next.Time = r.Time.Add(-ClockTolerance); o.Follow(&next) != nil {
		t.Error("the tolerance is not tolerated")
	}
}

var nil2Body = map[string]int{}
