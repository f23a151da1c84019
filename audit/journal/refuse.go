package journal

import (
	"errors"
	"fmt"
)

// refuse makes the journal read-only and gives the error that says so.
func (j *Journal) refuse(c cause, why error) error {
	j.mu.Lock()
	news := j.refused[c] == nil
	if news {
		if errors.Join(j.refused[:]...) == nil {
			j.since = j.o.Clock()
		}
		j.refused[c] = why
	}
	j.mu.Unlock()
	if news {
		j.o.Log.Error("the audit log is read-only", "cause", why)
	}
	return fmt.Errorf("%w: %w", ErrReadOnly, why)
}

// clear takes causes back.
func (j *Journal) clear(gone ...cause) {
	j.mu.Lock()
	var why error
	for _, c := range gone {
		why = errors.Join(why, j.refused[c])
		j.refused[c] = nil
	}
	j.mu.Unlock()
	if why != nil {
		j.o.Log.Info("a cause for being read-only is gone", "cause", why)
	}
}

func (j *Journal) is(c cause) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.refused[c] != nil
}

// refuses says why p may not be written.
func (j *Journal) refuses(p *pending) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return ErrClosed
	}
	return j.forbids(p)
}

// forbids is refuses but for who comes after Close; Close writes whom it finds waiting.
// Journal.mu is held.
func (j *Journal) forbids(p *pending) error {
	return j.readOnly(func(c cause) bool {
		return c == space && essential[p.rec.Type] || c == clock && p.accepts
	})
}

// trusts says why the files can't be relied on.
func (j *Journal) trusts() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.readOnly(func(c cause) bool { return c == space || c == clock })
}

// readOnly gives the first cause that is not excepted. Journal.mu is held.
func (j *Journal) readOnly(excepted func(cause) bool) error {
	for c, why := range j.refused {
		if why != nil && !excepted(cause(c)) {
			return fmt.Errorf("%w: %w", ErrReadOnly, why)
		}
	}
	return nil
}
