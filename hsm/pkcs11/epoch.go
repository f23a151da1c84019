package pkcs11

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// An epoch is one time of the module in service, from C_Initialize to C_Finalize. Handles are an epoch's.
type epoch struct {
	m          *Module
	slot       uint
	token      hsm.Token
	mechanisms map[uint]pkcs11.MechanismInfo
	sessions   []*session
	idle       chan *session // those that no call holds
	over       chan struct{} // closed when the epoch ends
	end        func()
	keys       known
}

// A session is held by one call at a time.
type session struct {
	*epoch
	handle pkcs11.SessionHandle // 0 while none is open
	run    atomic.Pointer[run]  // of the call that holds it
}

// A run is one call's stay on a session.
type run struct{ left atomic.Int64 } // when its caller left without it, in Unix nanoseconds

func newEpoch(m *Module, token hsm.Token, mechanisms map[uint]pkcs11.MechanismInfo) *epoch {
	e := &epoch{
		m: m, slot: uint(token.Slot), token: token, mechanisms: mechanisms,
		idle: make(chan *session, m.config.Sessions), over: make(chan struct{}), keys: known{byName: map[string]*bound{}},
	}
	e.end = sync.OnceFunc(func() { close(e.over) })
	for range m.config.Sessions {
		s := &session{epoch: e}
		e.sessions = append(e.sessions, s)
		e.idle <- s
	}
	return e
}

// do runs fn on a session, and returns by ctx's deadline whether it comes back or not. What is in after is called when
// it has, or was never begun.
func do[T any](ctx context.Context, m *Module, fn func(*session) (T, error), after ...func()) (T, error) {
	var none T
	s, err := m.take(ctx)
	if err != nil {
		finish(after)
		return none, err
	}
	e := s.epoch
	type outcome struct {
		value T
		err   error
	}
	this, done := s.run.Load(), make(chan outcome, 1)
	go func() {
		value, err := attempt(ctx, s, fn)
		finish(after)
		e.give(s)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		this.left.Store(time.Now().UnixNano())
		return none, fmt.Errorf("%w: the module did not answer in time: %w", hsm.ErrUnavailable, ctx.Err())
	}
}

func finish(after []func()) {
	for _, f := range after {
		f()
	}
}

// take waits for a session of the epoch in service.
func (m *Module) take(ctx context.Context) (*session, error) {
	e, err := m.current()
	if err != nil {
		return nil, err
	}
	return e.take(ctx)
}

func (e *epoch) take(ctx context.Context) (*session, error) {
	select {
	case s := <-e.idle:
		select {
		case <-e.over: // it may have been chosen all the same
			e.idle <- s
			_, err := e.m.current()
			return nil, err
		default:
		}
		s.run.Store(&run{})
		return s, nil
	case <-e.over:
		return nil, fmt.Errorf("%w: the token went out of service", hsm.ErrUnavailable)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: all %d sessions are busy: %w", hsm.ErrUnavailable, len(e.sessions), ctx.Err())
	}
}

func (e *epoch) give(s *session) {
	s.run.Store(nil)
	e.idle <- s
}

// drain waits for the calls under way in an epoch that ended: ErrHung where they do not come back.
func (e *epoch) drain(limit time.Duration) error {
	late := time.After(limit)
	for n := range len(e.sessions) {
		select {
		case <-e.idle:
		case <-late:
			return fmt.Errorf("%w: calls on %d of its %d sessions did not come back", ErrHung, len(e.sessions)-n, len(e.sessions))
		}
	}
	return nil
}

// hung counts the sessions whose caller left so long ago.
func (e *epoch) hung(since time.Duration) (n int) {
	for _, s := range e.sessions {
		if r := s.run.Load(); r != nil {
			if left := r.left.Load(); left != 0 && time.Since(time.Unix(0, left)) >= since {
				n++
			}
		}
	}
	return n
}

// attempt runs fn, and once more on a new session where the one it had was dead.
func attempt[T any](ctx context.Context, s *session, fn func(*session) (T, error)) (T, error) {
	value, err := once(s, fn)
	if !dead(err) {
		return value, s.m.explain("", err)
	}
	s.evict()
	if ctx.Err() != nil {
		return value, s.m.explain("", err)
	}
	if value, err = once(s, fn); dead(err) {
		s.evict()
		s.suspect(err)
	}
	return value, s.m.explain("", err)
}

func once[T any](s *session, fn func(*session) (T, error)) (T, error) {
	var none T
	if s.handle == 0 {
		if err := s.open(); err != nil {
			return none, err
		}
	}
	return fn(s)
}

// suspect takes the epoch out of service, because of cause, unless the token answers as before.
func (s *session) suspect(cause error) {
	if _, err := once(s, func(s *session) (struct{}, error) { return struct{}{}, s.healthy() }); err != nil {
		s.m.down(s.epoch, s.m.explain("use the token", cause))
	}
}
