// Package hsmtest gives tests a token that is real: SoftHSM's, behind a socket.
package hsmtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/hsm/pkcs11"
	"stellad/hsm/server"
	"stellad/internal/socket"
	"stellad/internal/tokens"
)

// Socket makes a token, has it answer on a socket until the test ends, and returns the socket's path. A process has one
// at a time.
func Socket(t testing.TB) string {
	t.Helper()
	m := module(t)
	dir, err := os.MkdirTemp("", "hsm") // a socket's name is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := filepath.Join(dir, "hsm.sock")
	l, err := socket.Make(name)
	must(t, err)
	s := server.New(m, uint32(os.Geteuid()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.End(0)
		must(t, <-ended)
	})
	return name
}

// Client is Socket, and a client of it.
func Client(t testing.TB) *hsm.Client {
	t.Helper()
	c, err := hsm.Dial(Socket(t))
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func module(t testing.TB) *pkcs11.Module {
	t.Helper()
	k := tokens.SoftHSM(t)
	pin, err := pkcs11.NewPIN([]byte(k.PIN))
	must(t, err)
	m, err := pkcs11.Open(pkcs11.Config{Module: k.Module, Init: k.Init, Slot: k.Slot, PIN: pin, Sessions: 4})
	must(t, err)
	t.Cleanup(func() { must(t, m.Close()) })
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
