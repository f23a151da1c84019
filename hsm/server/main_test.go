package server_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stellad/hsm"
	"stellad/hsm/pkcs11"
	"stellad/hsm/server"
	"stellad/hsm/soft"
	"stellad/internal/socket"
	"stellad/internal/tokens"
)

// backends are the three that there are, each with a real token.
var backends = []struct {
	name string
	open func(testing.TB) server.Backend
}{
	{"softhsm", func(t testing.TB) server.Backend { return module(t, tokens.SoftHSM(t), 4) }},
	{"nss", func(t testing.TB) server.Backend { return module(t, tokens.NSS(t), 4) }},
	{"soft", func(t testing.TB) server.Backend {
		f, err := soft.Open(filepath.Join(t.TempDir(), "keys"), []byte(tokens.PIN))
		must(t, err)
		t.Cleanup(func() { must(t, f.Close()) })
		return f
	}},
}

// module opens a token and waits until it is in service.
func module(t testing.TB, k tokens.Token, sessions int) *pkcs11.Module {
	t.Helper()
	pin, err := pkcs11.NewPIN([]byte(k.PIN))
	must(t, err)
	m, err := pkcs11.Open(pkcs11.Config{Module: k.Module, Init: k.Init, Slot: k.Slot, PIN: pin, Sessions: sessions})
	must(t, err)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
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

// served has a back end answer on a socket, and gives a client of it.
func served(t testing.TB, b server.Backend) *hsm.Client {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hsm.sock")
	serve(t, b, name)
	return dial(t, name)
}

// serve answers at name until the test ends, or stop is called.
func serve(t testing.TB, b server.Backend, name string) (stop func()) {
	t.Helper()
	l, err := socket.Make(name)
	must(t, err)
	s := server.New(b, uint32(os.Geteuid()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	ctx, cancel := context.WithCancel(context.Background())
	stop = func() {
		if ctx.Err() == nil {
			cancel()
			s.End(0)
			must(t, <-ended)
		}
	}
	t.Cleanup(stop)
	return stop
}

func dial(t testing.TB, name string) *hsm.Client {
	t.Helper()
	c, err := hsm.Dial(name)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() }) // the test may have done so
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
