package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/store"
)

// TestCheckFoldsAnew: a view that has folded this log, and has other rows than the fold gives, is found.
func TestCheckFoldsAnew(t *testing.T) {
	state := t.TempDir()
	l := open(t, state, "")
	key, size, replay := l.Key(), l.State().Size, l.replay
	db := filepath.Join(state, "db")
	began, err := l.Began()
	must(t, err)
	must(t, l.store.Close())
	must(t, os.RemoveAll(db))
	wrong := store.View(standing.Name(), 1, func(rows store.Rows, _ uint64, _ []byte) error {
		return rows.Put([]byte("policy"), []byte("{}"))
	})
	s, err := store.Open(t.Context(), store.Options{Dir: db, Keyspaces: []*store.Keyspace{wrong}})
	must(t, err)
	_, _, err = s.Catch(t.Context(), wrong, size, replay)
	must(t, err)
	must(t, s.Close())
	must(t, l.journal.Close())
	var found []string
	tell := func(_, what string) { found = append(found, what) }
	_, err = Check(t.Context(), Checked{State: state, Name: name, Key: key, KeyFile: true, Began: began}, Report{tell, tell})
	must(t, err)
	if len(found) != 2 || !strings.Contains(found[0], "ballast has 1 bytes") || !strings.Contains(found[1], "the view standing is not what folding the audit log gives") {
		t.Errorf("found %q", found)
	}
}
