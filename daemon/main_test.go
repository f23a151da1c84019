package daemon_test

import (
	"os"
	"testing"

	"stellad/store"
)

// TestMain is stellad's worker where a daemon of the tests runs its own executable again.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "worker" {
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(m.Run())
}
