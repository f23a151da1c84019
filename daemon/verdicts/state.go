package verdicts

import (
	"fmt"
	"time"
)

// A State is how a Judge stands.
type State struct {
	Trust   string    // SHA-256 of the trust root in force, in hex; "" where none is
	Since   time.Time // when it came into force
	Refused error     // why the folder as it is now is not in force

	Entries      int   // verdicts remembered
	Bytes        int64 // what they take, of at most Limit
	Limit        int64
	Hits, Misses uint64 // since the start
}

// State returns how j stands.
func (j *Judge) State() State {
	s := State{Limit: j.limit, Hits: j.hits.Load(), Misses: j.misses.Load()}
	j.mu.Lock()
	s.Refused = j.refused
	j.mu.Unlock()
	if f := j.force.Load(); f != nil {
		s.Trust, s.Since = f.trust.Digest, f.since
		s.Entries, s.Bytes = f.cache.size()
	}
	return s
}

// TrustLine tells in one line which trust root is in force.
func (s State) TrustLine() string {
	switch {
	case s.Trust == "":
		return fmt.Sprintf("nothing can be verified: %v", s.Refused)
	case s.Refused != nil:
		return fmt.Sprintf("%s stays in force: %v", s.Trust, s.Refused)
	}
	return fmt.Sprintf("%s in force since %s", s.Trust, s.Since.UTC().Format(time.RFC3339))
}

// CacheLine tells in one line how full the cache is and what it was good for.
func (s State) CacheLine() string {
	return fmt.Sprintf("%d remembered in %.1f of %d MiB; %d found, %d judged", s.Entries, float64(s.Bytes)/(1<<20), s.Limit>>20, s.Hits, s.Misses)
}
