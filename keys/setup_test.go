package keys

import (
	"testing"

	"stellad/audit/logtest"
	"stellad/hsm"
	"stellad/hsm/hsmtest"
)

func TestMain(m *testing.M) { logtest.Main(m) }

const name = "a.example"

// open makes a registry with a token and a log of its own.
func open(t testing.TB) (*Registry, *logtest.Log, *hsm.Client) {
	t.Helper()
	l, token := logtest.New(t, name, View), hsmtest.Client(t)
	return New(name, token, l), l, token
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
