package daemon_test

import (
	"os"
	"testing"

	"stellad/policy/worker"
	"stellad/store"
)

// TestMain is stellad's worker where a daemon of the tests runs its own executable again.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 3 && os.Args[1] == "worker":
		os.Exit(store.CheckMain(os.Args[3:]))
	case len(os.Args) == 3 && os.Args[1] == "worker":
		if err := worker.Child(); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
