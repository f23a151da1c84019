package daemon_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stellad/daemon"
)

func TestRBACPageIsFresh(t *testing.T) {
	want, err := daemon.RBACPage()
	must(t, err)
	got, err := os.ReadFile(filepath.Join("..", "docs", "rbac.md"))
	must(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/rbac.md is old; make generate writes it anew (-want +got):\n%s", diff)
	}
}
