package journal

import (
	"slices"
	"sync"
	"time"
)

// line is where appends wait for the writer.
type line struct {
	ready chan struct{} // holds one while somebody waits
	full  chan struct{} // holds one once as many wait as the writer waits for

	mu      sync.Mutex
	waiting []*pending
	wanted  int
	closed  bool
}

func (l *line) join(p *pending) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.waiting = append(l.waiting, p)
	signal(l.ready)
	if len(l.waiting) == l.wanted {
		signal(l.full)
	}
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// await waits until n are in line, but no longer than a moment.
func (l *line) await(n int, moment time.Duration) {
	l.mu.Lock()
	enough := len(l.waiting) >= n
	l.wanted = n
	l.mu.Unlock()
	if enough {
		return
	}
	select {
	case <-l.full:
	case <-time.After(moment):
	}
}

func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// take gives the writer all who wait.
func (l *line) take() []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.waiting
	l.waiting, l.wanted = nil, 0
	select {
	case <-l.full:
	default:
	}
	return all
}

// close gives the last ones: nobody joins after.
func (l *line) close() []*pending {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	return l.take()
}

// leave takes p out, unless the writer has it already.
func (l *line) leave(p *pending) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting, p)
	if at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
	return at >= 0
}
