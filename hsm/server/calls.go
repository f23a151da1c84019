package server

import (
	"fmt"
	"sync"

	"stellad/hsm"
)

var errEnding = fmt.Errorf("%w: stellad-hsm is stopping", hsm.ErrUnavailable)

// underWay counts calls, until no more are let in.
type underWay struct {
	mu    sync.Mutex
	n     int
	ended chan struct{} // nil while calls are let in; closed when none is left
}

func (u *underWay) enter() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended != nil {
		return false
	}
	u.n++
	return true
}

func (u *underWay) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.n--
	u.settle()
}

// end lets no more in, and tells when the last has left.
func (u *underWay) end() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended == nil {
		u.ended = make(chan struct{})
		u.settle()
	}
	return u.ended
}

func (u *underWay) settle() {
	if u.ended != nil && u.n == 0 {
		close(u.ended)
	}
}
