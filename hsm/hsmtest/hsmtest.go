// Package hsmtest gives tests a token that is real: SoftHSM's, behind a socket. A process has one at a time.
package hsmtest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/hsm/pkcs11"
	"stellad/hsm/server"
	"stellad/internal/socket"
	"stellad/internal/tokens"
)

// A Token is SoftHSM's, with nothing in it yet.
type Token struct{ tokens.Token }

// New makes a token.
func New(t testing.TB) Token {
	t.Helper()
	return Token{tokens.SoftHSM(t)}
}

// Serve has the token answer on a socket at path until the test ends, or stop is called.
func (k Token) Serve(t testing.TB, path string) (stop func()) {
	t.Helper()
	m := k.module(t)
	l, err := socket.Make(path)
	must(t, err)
	s := server.New(m, uint32(os.Geteuid())) //nolint:gosec // it is not negative
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	stop = sync.OnceFunc(func() {
		s.End(0)
		must(t, <-ended)
		must(t, m.Close())
	})
	t.Cleanup(stop)
	return stop
}

// Socket makes a token, has it answer on a socket until the test ends, and returns the socket's path.
func Socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hsm") // a socket's name is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "hsm.sock")
	New(t).Serve(t, path)
	return path
}

// Client is Socket, and a client of it.
func Client(t testing.TB) *hsm.Client {
	t.Helper()
	c, err := hsm.Dial(Socket(t))
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func (k Token) module(t testing.TB) *pkcs11.Module {
	t.Helper()
	pin, err := pkcs11.NewPIN([]byte(k.PIN))
	must(t, err)
	m, err := pkcs11.Open(pkcs11.Config{Module: k.Module, Init: k.Init, Slot: k.Slot, PIN: pin, Sessions: 4})
	must(t, err)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s, err := m.Status(t.Context())
		must(t, err)
		if s.Token != nil {
			return m
		}
		if time.Now().After(end) {
			t.Fatalf("no token: %s", s.LastError)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
