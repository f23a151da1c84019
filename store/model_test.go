package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A model is what the store must hold, as maps.
type model struct {
	dir     string
	s       *Store
	n       int // folders made
	log     []string
	content map[string]string
	cache   map[string]string
}

// TestModel holds the store against maps: transactions of many writes, some that fail, the log and its view, restarts,
// and crashes, after which the store is opened as its files lay.
func TestModel(t *testing.T) {
	base := t.TempDir()
	runs := 0
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // a check takes most of a second
		if err := flag.Set("rapid.checks", "40"); err != nil {
			t.Fatal(err)
		}
		defer flag.Set("rapid.checks", checks.DefValue) //nolint:errcheck // it was that before
	}
	rapid.Check(t, func(t *rapid.T) {
		runs++
		m := &model{dir: filepath.Join(base, fmt.Sprint(runs), "0"), content: map[string]string{}, cache: map[string]string{}}
		m.open(t)
		defer func() {
			_ = m.s.Close()
			_ = os.RemoveAll(filepath.Join(base, fmt.Sprint(runs)))
		}()
		t.Repeat(map[string]func(*rapid.T){
			"update": m.update, "append": m.append, "append many": m.appendMany, "range": m.ranges,
			"end": func(t *rapid.T) {
				switch rapid.IntRange(0, 19).Draw(t, "how") { // mostly not: it takes longer than all else
				case 0:
					m.crash(t)
				case 1:
					m.restart(t)
				}
			},
			"": m.hold,
		})
	})
}

func (m *model) open(t *rapid.T) {
	var err error
	if m.s, err = Open(context.Background(), opts(m.dir)); err != nil {
		t.Fatal(err)
	}
	if o := m.s.Opening(); o.Aside != "" || o.Why != "" || len(o.Dropped)+len(m.s.Doubts()) > 0 {
		t.Fatalf("%+v, %v", o, m.s.Doubts())
	}
	if rebuilt, why, err := catch(m.s, words, m.log); rebuilt || err != nil {
		t.Fatalf("Catch: rebuilt %t, %q, %v", rebuilt, why, err)
	}
}

func (m *model) restart(t *rapid.T) {
	if err := m.s.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
}

// crash goes on with a copy of the files, as they lay. All writing has returned, so that nothing may be missing.
func (m *model) crash(t *rapid.T) {
	m.n++
	to := filepath.Join(filepath.Dir(m.dir), fmt.Sprint(m.n))
	for { // a compaction in the background would make it a copy of no one moment
		before := tables(t, m.dir)
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		if err := copyFiles(m.dir, to); err == nil && tables(t, m.dir) == before {
			break
		}
	}
	if err := m.s.Close(); err != nil {
		t.Fatal(err)
	}
	m.dir = to
	m.open(t)
	if !m.s.Opening().Unclean {
		t.Error("it takes itself for closed")
	}
}

// tables returns what Badger says that it has, and what lies there.
func tables(t *rapid.T, dir string) string {
	manifest, err := os.ReadFile(filepath.Join(dir, "db", "MANIFEST"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "db", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n") + string(manifest)
}

func copyFiles(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(from, path)
		switch {
		case err != nil || d.Name() == "ballast":
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		data, err := os.ReadFile(path)
		size := int64(len(data))
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), []byte(strings.TrimRight(string(data), "\x00")), 0o600),
			os.Truncate(filepath.Join(to, rel), size))
	})
}

var (
	someKey   = rapid.StringMatching(`[ab\x00\xff]{1,3}`)
	someValue = rapid.StringN(0, 20, 60)
	errNo     = errors.New("no")
)

// update runs a transaction of several writes, each read back, which may fail in the end.
func (m *model) update(t *rapid.T) {
	type write struct {
		cache, del bool
		key, value string
	}
	writes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) write {
		return write{rapid.Bool().Draw(t, "cache"), rapid.Bool().Draw(t, "delete"), someKey.Draw(t, "key"), someValue.Draw(t, "value")}
	}), 0, 6).Draw(t, "writes")
	fail := rapid.IntRange(0, 3).Draw(t, "fail") == 0
	content, cache := maps.Clone(m.content), maps.Clone(m.cache)
	err := m.s.Update(context.Background(), func(tx *Tx) error {
		for _, w := range writes {
			rows, in := tx.In(tiles), content
			if w.cache {
				rows, in = tx.In(notes), cache
			}
			in[w.key] = w.value
			err := rows.Put([]byte(w.key), []byte(w.value))
			if w.del {
				delete(in, w.key)
				err = rows.Delete([]byte(w.key))
			}
			got, gerr := rows.Get([]byte(w.key))
			if want, have := in[w.key]; err != nil || have != (gerr == nil) || string(got) != want {
				t.Errorf("%+v: %v; read back %q, %v", w, err, got, gerr)
			}
		}
		if fail {
			return errNo
		}
		return nil
	})
	if fail != errors.Is(err, errNo) || !fail && err != nil {
		t.Fatalf("Update: %v", err)
	}
	if !fail {
		m.content, m.cache = content, cache
	}
}

var someRecord = rapid.StringMatching(`[+-][abc]`)

func (m *model) append(t *rapid.T) {
	record := someRecord.Draw(t, "record")
	if err := m.s.Apply(context.Background(), uint64(len(m.log)), []byte(record)); err != nil {
		t.Fatal(err)
	}
	m.log = append(m.log, record)
}

// appendMany has the log run ahead of the view, as after a crash.
func (m *model) appendMany(t *rapid.T) {
	m.log = append(m.log, rapid.SliceOfN(someRecord, 0, 20).Draw(t, "records")...)
	if rebuilt, why, err := catch(m.s, words, m.log); rebuilt || err != nil {
		t.Fatalf("Catch: rebuilt %t, %q, %v", rebuilt, why, err)
	}
}

func (m *model) ranges(t *rapid.T) {
	prefix, from := rapid.StringMatching(`[ab\x00\xff]{0,2}`).Draw(t, "prefix"), rapid.StringMatching(`[ab\x00\xff]{0,2}`).Draw(t, "from")
	var want, got []string
	for _, key := range slices.Sorted(maps.Keys(m.content)) {
		if strings.HasPrefix(key, prefix) && key >= from {
			want = append(want, key)
		}
	}
	err := m.s.Read(func(tx *Tx) error {
		return tx.In(tiles).Each([]byte(prefix), []byte(from), func(key, _ []byte) error { got = append(got, string(key)); return nil })
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%q from %q: %q, not %q, %v", prefix, from, got, want, err)
	}
}

// hold compares everything.
func (m *model) hold(t *rapid.T) {
	for k, want := range map[*Keyspace]map[string]string{tiles: m.content, notes: m.cache, words: foldModel(m.log)} {
		got, err := all(m.s, k)
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("%s has %q, not %q, %v", k.name, got, want, err)
		}
		if h := m.s.head(k.id()); h.Count != uint64(len(want)) {
			t.Fatalf("%s counts %d, not %d", k.name, h.Count, len(want))
		}
	}
}
