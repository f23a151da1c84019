package journal

import (
	"fmt"
	"time"
)

// look is how often the files are looked at, and head is synced.
const look = 250 * time.Millisecond

// watch looks for what happens to the files from outside, whether or not anybody writes.
func (j *Journal) watch() {
	defer j.ended.Done()
	ticks := time.NewTicker(look)
	defer ticks.Stop()
	var synced uint64
	for {
		select {
		case <-ticks.C:
			j.lookAtFiles()
			j.lookAtSpace()
			j.lookAtClock()
			synced = j.syncHead(synced)
		case <-j.stop:
			return
		}
	}
}

func (j *Journal) lookAtFiles() {
	v := j.view()
	defer v.release()
	if err := v.f.moved(v.segments, v.p); err != nil {
		j.refuse(moved, err) //nolint:errcheck // State tells
	}
}

// syncHead makes head durable where the log has another size than when it last was.
func (j *Journal) syncHead(synced uint64) uint64 {
	v := j.view()
	defer v.release()
	if v.p.tree.size == synced {
		return synced
	}
	if err := v.f.sys.sync(v.f.head); err != nil {
		j.refuse(disk, fmt.Errorf("%w: %w", ErrDisk, err)) //nolint:errcheck // State tells
		return synced
	}
	return v.p.tree.size
}
