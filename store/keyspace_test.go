package store

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func noFold(Rows, uint64, []byte) error { return nil }

func TestDeclareRefuses(t *testing.T) {
	for name, keyspaces := range map[string][]*Keyspace{
		"twice":           {Content("a"), Content("a")},
		"the same twice":  {words, words},
		"two kinds":       {Content("a"), Cache("a")},
		"view and cache":  {View("a", 1, noFold), Cache("a")},
		"two versions":    {View("a", 1, noFold), View("a", 2, noFold)},
		"no name":         {Content("")},
		"long name":       {Content(strings.Repeat("a", maxName+1))},
		"upper case":      {Content("A")},
		"inner upper":     {Content("aBa")},
		"inner space":     {Content("a a")},
		"inner NUL":       {Content("a\x00a")},
		"view, no fold":   {View("a", 1, nil)},
		"second collides": {Content("a"), Cache("b"), View("b", 1, noFold)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(context.Background(), Options{Dir: t.TempDir(), Keyspaces: keyspaces, Check: child}); !errors.Is(err, ErrKeyspace) {
				t.Errorf("Open: %v, not ErrKeyspace", err)
			}
		})
	}
}

// TestPrefixesNeverOverlap: no key of one keyspace lies in another, whatever the names and keys.
func TestPrefixesNeverOverlap(t *testing.T) {
	name := rapid.StringMatching(`[a-z0-9._/-]{1,12}`)
	kinds := rapid.SampledFrom([]Kind{meta, view, content, cache})
	rapid.Check(t, func(t *rapid.T) {
		k, n := kinds.Draw(t, "kind"), name.Draw(t, "name")
		k2, n2 := kinds.Draw(t, "other kind"), name.Draw(t, "other name")
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		full := prefix(k, n) + string(key)
		if (k != k2 || n != n2) && strings.HasPrefix(full, prefix(k2, n2)) {
			t.Fatalf("%q lies in %v %s and in %v %s", full, k, n, k2, n2)
		}
		gotK, gotN, rest, ok := split([]byte(full))
		if !ok || gotK != k || gotN != n || string(rest) != string(key) {
			t.Fatalf("%q comes apart as %v %q %q %t", full, gotK, gotN, rest, ok)
		}
	})
}

// TestUndeclared: what nobody declares is never used. Views and caches of it go, and content stops the start.
func TestUndeclared(t *testing.T) {
	o := opts(t.TempDir())
	s := mustOpen(t, o)
	mustCatch(t, s, someLog(3))
	put(t, s, notes, "a", "1")
	strangers := map[*Keyspace]bool{Content("other"): true, Content("tiles"): true, Cache("tiles"): true}
	for k := range strangers {
		if _, err := get(s, k, "a"); !errors.Is(err, ErrKeyspace) {
			t.Errorf("Get of a stranger's %v %s: %v", k.kind, k.name, err)
		}
		if err := s.Update(context.Background(), func(tx *Tx) error { return tx.In(k).Put([]byte("a"), nil) }); !errors.Is(err, ErrKeyspace) {
			t.Errorf("Put to a stranger's %v %s: %v", k.kind, k.name, err)
		}
	}
	mustClose(t, s)

	o.Keyspaces = []*Keyspace{tiles}
	s = mustOpen(t, o)
	if got := strings.Join(s.Opening().Dropped, ", "); got != "cache notes, view words" {
		t.Errorf("dropped: %q", got)
	}
	put(t, s, tiles, "a", "1")
	mustClose(t, s)

	o.Keyspaces = []*Keyspace{notes, words}
	if _, err := Open(context.Background(), o); !errors.Is(err, ErrKeyspace) {
		t.Errorf("Open without the keyspace of what is there: %v", err)
	}
	o.Keyspaces = append(o.Keyspaces, tiles)
	s = mustOpen(t, o)
	if got, err := get(s, notes, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a dropped cache came back: %q, %v", got, err)
	}
	mustCatch(t, s, nil)
	if got, err := get(s, tiles, "a"); got != "1" || err != nil {
		t.Errorf("content: %q, %v", got, err)
	}
}
