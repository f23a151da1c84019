package pkcs11

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// A Config says which token, and how it is used.
type Config struct {
	Module   string // path of the library
	Init     string // what C_Initialize is handed as pReserved; "" for none. NSS softokn takes its parameters there
	Slot     string // "N", "token:LABEL" or "serial:S"; see ParseSlot
	PIN      *PIN
	Sessions int // calls under way at a time; 1 to 64
}

// A Module is one token of a PKCS#11 library. It may be used by any number of goroutines. One process has one Module of
// a library: the library has one state.
type Module struct {
	config Config
	slot   selector
	ctx    *pkcs11.Ctx
	fatal  chan error    // has room for the first reason
	lost   chan struct{} // has room for one: the epoch ended
	stop   chan struct{}
	ended  chan struct{} // the keeper returned
	writer chan struct{} // held by who makes or destroys objects: labels are the token's to repeat and ours to keep apart

	signatures, reconnects atomic.Uint64
	connecting             atomic.Int64 // when the keeper entered the module, in Unix nanoseconds; 0 while it is not in it

	login   sync.Mutex // held around C_Login; guards refused
	refused error      // the PIN was: for good

	mu      sync.Mutex
	live    *epoch // nil while out of service
	ending  *epoch // the one before, which the keeper finalizes
	cause   error  // why it is, or was last
	library string
	tokens  []hsm.Token // as last seen
}

var errNotYet = errors.New("the token was not looked for yet")

// Open loads the library; the token is looked for at once, and for as long as it is not there. An error says that the
// library can't be loaded. The Module is closed by Close.
func Open(c Config) (*Module, error) {
	slot, err := ParseSlot(c.Slot)
	if err != nil {
		return nil, err
	}
	if c.Sessions < 1 || c.Sessions > 64 {
		return nil, fmt.Errorf("%d sessions: 1 to 64 are possible", c.Sessions)
	}
	if _, err := os.Stat(c.Module); err != nil { // dlopen's own reason is lost below
		return nil, fmt.Errorf("PKCS#11 module: %w", err)
	}
	ctx := pkcs11.New(c.Module)
	if ctx == nil {
		return nil, fmt.Errorf("PKCS#11 module %s: it can't be loaded, or has no C_GetFunctionList", c.Module)
	}
	m := &Module{
		config: c, slot: slot, ctx: ctx, fatal: make(chan error, 1), lost: make(chan struct{}, 1),
		stop: make(chan struct{}), ended: make(chan struct{}), writer: make(chan struct{}, 1),
		cause: errNotYet,
	}
	go m.keep()
	return m, nil
}

// Refused is a Module that does not load the library and answers every call with a refusal of the PIN: callers are told,
// and the token is not asked.
func Refused(c Config, err error) *Module {
	m := &Module{config: c, fatal: make(chan error, 1), stop: make(chan struct{}), ended: make(chan struct{}), cause: err}
	close(m.ended)
	m.fail(err)
	return m
}

// Fatal gives the reason for which this process is to be replaced, once there is one: it wraps hsm.ErrPIN or ErrHung.
func (m *Module) Fatal() <-chan error { return m.fatal }

func (m *Module) fail(err error) {
	select {
	case m.fatal <- err:
	default: // there is a reason already
	}
}

// closing is how long Close waits for calls under way, and for the module.
const closing = time.Second

// Close logs out and finalizes the module, if it lets go within two seconds; else ErrHung.
func (m *Module) Close() error {
	m.mu.Lock()
	e := m.live
	m.live, m.cause = nil, errors.New("it was closed")
	m.mu.Unlock()
	close(m.stop)
	select {
	case <-m.ended:
	case <-time.After(closing):
		return ErrHung
	}
	if e != nil {
		e.end()
		if err := e.drain(closing); err != nil {
			return err
		}
	}
	finalized := make(chan error, 1)
	go func() { finalized <- m.finalize(e) }()
	select {
	case err := <-finalized:
		return err
	case <-time.After(closing):
		return ErrHung
	}
}

// finalize ends all sessions, and the login with them.
func (m *Module) finalize(e *epoch) error {
	if m.ctx == nil {
		return nil // after Refused
	}
	if e != nil {
		_ = m.ctx.CloseAllSessions(e.slot) // C_Finalize does so too, where the module is right
	}
	err := m.ctx.Finalize()
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED)) {
		return nil
	}
	return err
}

// current returns the epoch in service. Without one, every call fails at once.
func (m *Module) current() (*epoch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live == nil {
		return nil, unavailable(m.cause)
	}
	return m.live, nil
}

// unavailable has a cause be ErrUnavailable, and ErrPIN too where it is that.
func unavailable(cause error) error {
	if errors.Is(cause, hsm.ErrUnavailable) {
		return cause
	}
	return fmt.Errorf("%w: %w", hsm.ErrUnavailable, cause)
}

// down takes an epoch out of service, because of cause.
func (m *Module) down(e *epoch, cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live != e {
		return // another call has seen to it
	}
	m.live, m.ending, m.cause = nil, e, cause
	e.end()
	m.lost <- struct{}{}
}
