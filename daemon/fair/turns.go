package fair

import (
	"context"
	"slices"
	"sync"
)

// Turns lets a few work at a time. Who waits is let in user by user, not call by call: however much one user asks for,
// another's next piece of work waits for one of that user's at most.
type Turns struct {
	mu      sync.Mutex
	free    int
	waiting map[uint32][]chan struct{} // by uid, first come first; no empty ones
	order   []uint32                   // the users of waiting; the first is next
}

// NewTurns lets n work at a time.
func NewTurns(n int) *Turns {
	return &Turns{free: n, waiting: map[uint32][]chan struct{}{}}
}

// Take waits for uid's turn, or returns ctx's error. After nil, Give must be called.
func (t *Turns) Take(ctx context.Context, uid uint32) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	if t.waiting[uid] == nil {
		t.order = append(t.order, uid)
	}
	t.waiting[uid] = append(t.waiting[uid], turn)
	t.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		t.leave(uid, turn)
		return ctx.Err()
	}
}

// Give ends a turn; the next user's first in line gets it.
func (t *Turns) Give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) == 0 {
		t.free++
		return
	}
	uid := t.order[0]
	line := t.waiting[uid]
	t.order = t.order[1:]
	if len(line) > 1 {
		t.waiting[uid] = line[1:]
		t.order = append(t.order, uid)
	} else {
		delete(t.waiting, uid)
	}
	close(line[0])
}

// leave takes turn out of the line. Where it came at the same moment, it is passed on.
func (t *Turns) leave(uid uint32, turn chan struct{}) {
	t.mu.Lock()
	line := t.waiting[uid]
	at := slices.Index(line, turn)
	if at < 0 {
		t.mu.Unlock()
		t.Give()
		return
	}
	defer t.mu.Unlock()
	if line = slices.Delete(line, at, at+1); len(line) > 0 {
		t.waiting[uid] = line
		return
	}
	delete(t.waiting, uid)
	t.order = slices.DeleteFunc(t.order, func(u uint32) bool { return u == uid })
}
