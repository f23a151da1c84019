package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"stellad/tlog"
)

// Options are what a journal is given. Clock, Boot, Up and Log are needed.
type Options struct {
	Clock func() time.Time
	Boot  string               // the boot ID, a UUID
	Up    func() time.Duration // CLOCK_BOOTTIME
	Log   *slog.Logger

	SegmentSize int64         // bytes, at least 16 KiB; 0 is 64 MiB
	Floor       int64         // free bytes below which only erase, readonly and stop records are written; 0 is 64 MiB
	Ballast     int64         // bytes given up for those records; 0 is 32 MiB
	Stall       time.Duration // how long a call waits for the disk; 0 is 1.5 s

	sys *system
}

func (o Options) withDefaults() Options {
	set := func(n *int64, or int64) {
		if *n == 0 {
			*n = or
		}
	}
	set(&o.SegmentSize, 64<<20)
	set(&o.Floor, 64<<20)
	set(&o.Ballast, 32<<20)
	set((*int64)(&o.Stall), int64(1500*time.Millisecond))
	o.SegmentSize = max(o.SegmentSize, 16<<10) // room for a header and the longest record
	if o.sys == nil {
		o.sys = kernel()
	}
	return o
}

// Journal is an open audit log. One goroutine, the writer, changes the files; who wants
// a record written waits for it, so that one sync serves all who wait.
type Journal struct {
	dir     string
	o       Options
	line    line
	tasks   chan func()   // what the writer does between batches
	stop    chan struct{} // closed by Close: the writer and the watcher end
	ended   sync.WaitGroup
	signing sync.Mutex // one Checkpoint at a time

	mu      sync.Mutex
	files   *files // replaced by Retry
	now     point  // the log as it was last acknowledged
	refused [causes]error
	since   time.Time // of the first of refused
	closed  bool
	free    int64
	signer  signer
	latest  *tlog.Checkpoint // the last one stored
	mended  []string         // what the start told
	cut     int64            // what it cut off
	erasing bool             // an erasure is begun, and not finished
	follows map[chan uint64]struct{}
}

// point is a state of the log. Nobody changes one: a batch makes the next.
type point struct {
	tree  tree
	clock time.Time // the latest of the records' times since the clock was last accepted
	in    uint64    // the last segment's first seq
	end   int64     // of its frames
	notes int64     // of the frames of its annotations

	checkpoints int // how many are stored
}

// Open opens the journal in dir, or makes one where dir is empty or missing. What a
// crash left it settles, and says in Log. It refuses with ErrDamaged what is not as it
// was acknowledged, and with ErrInUse a folder that is open already. The journal that it
// returns may be read-only: State tells.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	f, p, err := open(dir, o, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	j := &Journal{
		dir: dir, o: o, files: f, now: p,
		line:    line{ready: make(chan struct{}, 1), full: make(chan struct{}, 1)},
		tasks:   make(chan func()),
		stop:    make(chan struct{}),
		follows: map[chan uint64]struct{}{},
	}
	if err := j.start(); err != nil {
		f.release()
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return j, nil
}

// start finishes what a crash interrupted, and lets the goroutines run.
func (j *Journal) start() error {
	var err error
	if j.latest, err = j.files.lastCheckpoint(); err != nil {
		return err
	}
	if n := j.ballast(); n != j.o.Ballast && !j.files.made {
		j.files.tell("%s has %d bytes of %d, and is made anew once there is room", j.files.path("ballast"), n, j.o.Ballast)
	}
	j.makeBallast()
	j.mended, j.cut = j.files.told, j.files.torn
	for _, what := range j.mended {
		j.o.Log.Warn("the audit log was mended", "what", what)
	}
	j.lookAtSpace()
	j.lookAtClock()
	j.ended.Add(2)
	go j.write()
	go j.watch()
	if err := j.do(j.finishErasing); err != nil {
		j.o.Log.Error("an erasure is not finished", "error", err)
	}
	return nil
}

// do has the writer do something between two batches, and waits for it as Append waits.
// With ErrStalled it may yet be done.
func (j *Journal) do(what func() error) error {
	done := make(chan error, 1)
	patience := time.NewTimer(j.o.Stall)
	defer patience.Stop()
	select {
	case j.tasks <- func() { done <- what() }:
	case <-j.stop:
		return ErrClosed
	case <-patience.C:
		return fmt.Errorf("%w: the writer is busy", ErrStalled)
	}
	select {
	case err := <-done:
		return err
	case <-patience.C:
		return fmt.Errorf("%w: after %v", ErrStalled, j.o.Stall)
	}
}

// Close writes who waits, signs a checkpoint, and makes the files durable and closes
// them. The next start then only reads. After an error nothing that was acknowledged is
// lost; the next start has more to do. Later calls return ErrClosed.
func (j *Journal) Close() error {
	j.mu.Lock()
	was := j.closed
	j.closed = true
	j.mu.Unlock()
	if was {
		return ErrClosed
	}
	err := j.do(func() error { j.commit(j.line.close()); return nil })
	if err == nil {
		err = j.lastWords()
	}
	close(j.stop)
	ended := make(chan struct{})
	go func() { j.ended.Wait(); close(ended) }()
	select {
	case <-ended:
		j.files.release()
	case <-time.After(j.o.Stall): // the files stay open under the call that hangs
		err = fmt.Errorf("%w: after %v", ErrStalled, j.o.Stall)
	}
	return err
}

// lastWords signs a checkpoint and writes head as it stands.
func (j *Journal) lastWords() error {
	_, err := j.checkpoint()
	if errors.Is(err, ErrNoSigner) {
		err = nil
	}
	return errors.Join(err, j.do(j.finalHeads))
}

func (j *Journal) finalHeads() error {
	if err := j.trusts(); err != nil {
		return nil // the disk is not what it was: the next start reads it anew
	}
	return j.files.writeHeads(j.point())
}
