package signing

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"stellad/audit"
	"stellad/daemon/ledger"
	"stellad/hsm/hsmtest"
	"stellad/keys"
	"stellad/store"
	"stellad/store/blobs"
)

// The test binary is the child, too, that checks a store.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "worker" {
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(m.Run())
}

const name = "a.example"

// A site is an appliance's log, keys and content.
type site struct {
	*Service
	*ledger.Ledger

	state, token string
	registry     *keys.Registry
}

// newSite makes one with a key of each role.
func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{state: t.TempDir(), token: hsmtest.Socket(t)}
	s.open(t, "")
	for _, role := range audit.Roles {
		_, err := s.registry.Generate(t.Context(), audit.Record{}, audit.KeySpec{Label: role + "-1", Role: role})
		must(t, err)
	}
	return s
}

// open opens the site, or begins it where vkey is "".
func (s *site) open(t testing.TB, vkey string) {
	t.Helper()
	k, err := ledger.FileKey(s.state, name, vkey)
	must(t, err)
	s.Ledger, err = ledger.Open(t.Context(), ledger.Options{
		State: s.state, Name: name, Begin: vkey == "", Key: k, Log: slog.New(slog.DiscardHandler),
		Views: []*store.Keyspace{keys.View, View}, Failed: func(err error) { t.Error(err) },
	})
	must(t, err)
	content, err := blobs.Open(filepath.Join(s.state, "blobs"))
	must(t, err)
	token, err := hsmDial(s.token)
	must(t, err)
	s.registry = keys.New(name, token, s.Ledger)
	s.Service = New(name, s.registry, s.Ledger, content)
	l := s.Ledger
	t.Cleanup(func() { _ = l.Close(); _ = content.Close(); _ = token.Close() })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
