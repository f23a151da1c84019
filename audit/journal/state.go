package journal

import (
	"context"
	"errors"
	"time"

	"stellad/audit"
	"stellad/tlog"
)

// State is the journal at one moment.
type State struct {
	Size       uint64
	Root       tlog.Hash
	Latest     time.Time        // the latest time of a record since a time was last accepted; zero where there is none
	ReadOnly   error            // nil, or the causes joined: each wraps one of this package's errors
	Since      time.Time        // when it became read-only, by Options.Clock
	Free       int64            // bytes free for the daemon on the journal's disk, at most 250 ms ago
	Checkpoint *tlog.Checkpoint // the last one stored; nil where there is none
	Mended     []string         // what Open found and mended, in words; nil after a clean stop
	Cut        int64            // bytes of a torn batch, never acknowledged, that Open overwrote
}

// State gives the journal's state. It never waits for the disk.
func (j *Journal) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return State{
		Size: j.now.tree.size, Root: j.now.tree.root(), Latest: j.now.clock,
		ReadOnly: errors.Join(j.refused[:]...), Since: j.since, Free: j.free, Checkpoint: j.latest,
		Mended: j.mended, Cut: j.cut,
	}
}

func (j *Journal) point() point {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.now
}

// publish lets the log be p, and tells who follows it.
func (j *Journal) publish(p point) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now = p
	for c := range j.follows {
		tellSize(c, p.tree.size)
	}
}

// tellSize leaves the newest size in c, which has room for one. Journal.mu is held.
func tellSize(c chan uint64, size uint64) {
	select {
	case <-c:
	default:
	}
	c <- size
}

// Follow gives a channel on which the log's size comes: at once, and after each batch.
// Sizes in between are left out where they are not fetched. It is closed when ctx ends.
func (j *Journal) Follow(ctx context.Context) <-chan uint64 {
	c := make(chan uint64, 1)
	j.mu.Lock()
	j.follows[c] = struct{}{}
	c <- j.now.tree.size
	j.mu.Unlock()
	context.AfterFunc(ctx, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.follows, c)
		close(c)
	})
	return c
}

// time is the clock's, as records write it.
func (j *Journal) time() time.Time { return j.o.Clock().UTC().Truncate(time.Microsecond) }

// later is the latest time of a log with rec; the record that accepts a time sets it.
func later(latest time.Time, rec *audit.Record) time.Time {
	if rec.Type == typeTime || rec.Time.After(latest) {
		return rec.Time
	}
	return latest
}
