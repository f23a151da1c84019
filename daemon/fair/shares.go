// Package fair keeps one user from taking what all need: Shares bounds how much each holds, Turns lets users take turns
// at work. Both are safe for concurrent use.
package fair

import "sync"

// Shares are places that users hold: connections, calls. A user holds at most Each of Total, and while no more than
// a quarter are free only a user that holds next to nothing gets one more: a crowd can't keep a newcomer out.
type Shares struct {
	total, each int

	mu   sync.Mutex
	held map[uint32]int // by uid; no zeros
	sum  int            // of held
}

// NewShares makes total places, of which each user may hold each.
func NewShares(total, each int) *Shares {
	return &Shares{total: total, each: each, held: map[uint32]int{}}
}

// Take takes a place for uid, or returns false. It never waits.
func (s *Shares) Take(uid uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.each
	if free := s.total - s.sum; free*4 <= s.total {
		limit = max(1, s.each/16)
	}
	if s.sum >= s.total || s.held[uid] >= limit {
		return false
	}
	s.held[uid]++
	s.sum++
	return true
}

// Give gives back a place that Take took for uid.
func (s *Shares) Give(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum--
	if s.held[uid]--; s.held[uid] == 0 {
		delete(s.held, uid)
	}
}

// Held returns how many places are taken.
func (s *Shares) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}
