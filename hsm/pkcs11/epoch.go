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
	calls      chan call     // to whichever session is idle
	over       chan struct{} // closed when the epoch ends
	end        func()
	working    sync.WaitGroup // a session each
	keys       known
}

// A session is one of the token's, with a goroutine that makes its calls one after the other: where calls wait, the next
// begins without another goroutine's turn in between.
type session struct {
	*epoch
	handle pkcs11.SessionHandle // 0 while none is open
	stay   atomic.Pointer[stay] // of the call that it is at
}

// A call is made on a session. It always ends by telling its caller, who may have left.
type call struct {
	*stay
	on func(*session)
}

// A stay is one call's time on a session.
type stay struct{ left atomic.Int64 } // when its caller left without it, in Unix nanoseconds

func newEpoch(m *Module, token hsm.Token, mechanisms map[uint]pkcs11.MechanismInfo) *epoch {
	e := &epoch{
		m: m, slot: uint(token.Slot), token: token, mechanisms: mechanisms,
		calls: make(chan call), over: make(chan struct{}), keys: known{byName: map[string]*bound{}},
	}
	e.end = sync.OnceFunc(func() { close(e.over) })
	for range m.config.Sessions {
		e.sessions = append(e.sessions, &session{epoch: e})
	}
	return e
}

// begin has the sessions take calls.
func (e *epoch) begin() {
	for _, s := range e.sessions {
		e.working.Go(s.work)
	}
}

func (s *session) work() {
	for {
		select {
		case <-s.over:
			return
		case c := <-s.calls:
			s.stay.Store(c.stay)
			c.on(s)
			s.stay.Store(nil)
		}
	}
}

// do runs fn on a session, and returns by ctx's deadline whether it comes back or not. What is in after is called when
// it has, or was never begun.
func do[T any](ctx context.Context, m *Module, fn func(*session) (T, error), after ...func()) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	this, done := &stay{}, make(chan outcome, 1)
	if err := m.hand(ctx, call{this, func(s *session) {
		value, err := attempt(ctx, s, fn)
		finish(after)
		done <- outcome{value, err}
	}}); err != nil {
		finish(after)
		return none, err
	}
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

// hand waits until a session takes the call.
func (m *Module) hand(ctx context.Context, c call) error {
	e, err := m.current()
	if err != nil {
		return err
	}
	select {
	case e.calls <- c:
		return nil
	case <-e.over:
		return fmt.Errorf("%w: the token went out of service", hsm.ErrUnavailable)
	case <-ctx.Done():
		return fmt.Errorf("%w: all %d sessions are busy: %w", hsm.ErrUnavailable, len(e.sessions), ctx.Err())
	}
}

// drain waits for the calls under way in an epoch that ended: ErrHung where they do not come back.
func (e *epoch) drain(limit time.Duration) error {
	done := make(chan struct{})
	go func() { e.working.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("%w: calls on some of its %d sessions did not come back", ErrHung, len(e.sessions))
	}
}

// hung counts the sessions whose caller left so long ago.
func (e *epoch) hung(since time.Duration) (n int) {
	for _, s := range e.sessions {
		if this := s.stay.Load(); this != nil {
			if left := this.left.Load(); left != 0 && time.Since(time.Unix(0, left)) >= since {
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

// suspect takes the epoch out of service, because of cause, unless the token answers as before. It is asked twice: what
// made the call's second session die may have made this one die too.
func (s *session) suspect(cause error) {
	for range 2 {
		if _, err := once(s, func(s *session) (struct{}, error) { return struct{}{}, s.healthy() }); err == nil {
			return
		}
		s.evict()
	}
	s.m.down(s.epoch, s.m.explain("use the token", cause))
}
