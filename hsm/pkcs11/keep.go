package pkcs11

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/miekg/pkcs11"

	"stellad/hsm"
)

// #include <stdlib.h>
import "C"

const (
	firstWait = 250 * time.Millisecond // before the module is initialised anew
	longWait  = 2 * time.Second        // at most
	hungAfter = time.Second            // that a call overstays its deadline, or is waited for before the module is finalized
	stuckIn   = 30 * time.Second       // that initialising and logging in may take
)

// keep has an epoch in service whenever the module gives one, until Close.
func (m *Module) keep() {
	defer close(m.ended)
	done := make(chan struct{})
	defer close(done)
	go m.watch(done)
	for wait := firstWait; ; {
		err := m.connect()
		switch {
		case err == nil:
			since := time.Now()
			select {
			case <-m.stop:
				return
			case <-m.lost:
			}
			if !m.drained() {
				return
			}
			m.reconnects.Add(1)
			if time.Since(since) > longWait {
				wait = firstWait
				continue // at once: most often the token is there
			} // one that goes as soon as it is there is waited for like one that is not
		case errors.Is(err, hsm.ErrPIN):
			m.outOfService(err)
			m.fail(err)
			return
		default:
			m.outOfService(err)
		}
		select {
		case <-m.stop:
			return
		case <-time.After(wait):
			wait = min(2*wait, longWait)
		}
	}
}

func (m *Module) outOfService(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cause = err
}

// watch says ErrHung once no session is left that comes back, or the keeper itself does not.
func (m *Module) watch(done <-chan struct{}) {
	every := time.NewTicker(hungAfter / 4)
	defer every.Stop()
	for {
		select {
		case <-done:
			return
		case <-every.C:
		}
		if since := m.connecting.Load(); since != 0 && time.Since(time.Unix(0, since)) > stuckIn {
			m.fail(fmt.Errorf("%w: it did not initialise or log in within %v", ErrHung, stuckIn))
		}
		e, err := m.current()
		if err == nil && e.hung(hungAfter) == len(e.sessions) {
			m.fail(fmt.Errorf("%w: no call on its %d sessions came back in time", ErrHung, len(e.sessions)))
		}
	}
}

// connect initialises the module, finds the token and logs in. Where it fails the module is left finalized: some look
// for tokens only as they start.
func (m *Module) connect() error {
	m.connecting.Store(time.Now().UnixNano())
	defer m.connecting.Store(0)
	if err := m.initialise(); err != nil {
		return m.explain("initialise", err)
	}
	e, err := m.enter()
	if err != nil {
		_ = m.finalize(nil)
		return m.explain("use the token", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.stop: // Close did not wait for this
		return errors.Join(errors.New("it was closed"), m.finalize(e))
	default:
	}
	e.begin()
	m.live = e
	if m.cause == errNotYet { //nolint:errorlint // it is this very value, or the cause of a failure
		m.cause = nil
	}
	return nil
}

func (m *Module) initialise() error {
	var opts []pkcs11.InitializeOption
	if m.config.Init != "" {
		reserved := unsafe.Pointer(C.CString(m.config.Init)) // modules keep it: it is never freed
		opts = append(opts, pkcs11.InitializeWithReserved(reserved), pkcs11.InitializeWithFlags(pkcs11.CKF_OS_LOCKING_OK))
	}
	err := m.ctx.Initialize(opts...)
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return nil
	}
	return err
}

// enter finds the token and opens the first session, logged in.
func (m *Module) enter() (*epoch, error) {
	about, err := m.ctx.GetInfo()
	if err != nil {
		return nil, err
	}
	tokens, err := m.look()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.library = fmt.Sprintf("%s %d.%d, %s", visible(about.LibraryDescription),
		about.LibraryVersion.Major, about.LibraryVersion.Minor, visible(about.ManufacturerID))
	m.tokens = tokens
	m.mu.Unlock()
	token, err := m.slot.among(tokens)
	if err != nil {
		return nil, err
	}
	mechanisms, err := m.mechanisms(uint(token.Slot))
	if err != nil {
		return nil, err
	}
	e := newEpoch(m, token, mechanisms)
	return e, e.sessions[0].open()
}

// drained waits for the calls under way when the epoch ended, since C_Finalize must not be called beside another
// (PKCS#11 2.40 §5.4), and finalizes.
func (m *Module) drained() bool {
	m.connecting.Store(time.Now().UnixNano())
	defer m.connecting.Store(0)
	m.mu.Lock()
	e := m.ending
	m.mu.Unlock()
	if err := e.drain(hungAfter); err != nil {
		m.fail(err)
		return false
	}
	_ = m.finalize(e) // what fails here fails again in connect
	return true
}
