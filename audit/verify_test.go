package audit

import (
	"errors"
	"testing"
)

// TestMutations holds that no change to an export gets past Verify.
func TestMutations(t *testing.T) {
	key := newLog(t, 1).key.VerifierKey
	reasons := map[string]int{}
	for name, dir := range mutants(t, 10000, 1) {
		_, err := Verify(dir, VerifyOptions{Key: key})
		if !errors.Is(err, ErrTampered) && !errors.Is(err, ErrExport) {
			t.Fatalf("%s: accepted: %v", name, err)
		}
		reasons[err.Error()]++
	}
	t.Logf("%d distinct reasons", len(reasons))
}
