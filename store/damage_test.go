package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A sample is a store as it lies on the disk, and what it holds.
type sample struct {
	files   map[string]fileCopy // by path below the folder
	log     []string
	content map[string]string
	cache   map[string][]string // by key, all values that it ever had
}

// A fileCopy leaves out the zeros at the end.
type fileCopy struct {
	data []byte
	size int64
}

// sampleStore makes a sample that has tables and a write-ahead log: of a store that was closed, or of one whose process
// was killed. It is copied as it lies.
func sampleStore(t testing.TB, closed bool) *sample {
	dir := t.TempDir()
	sm := &sample{log: someLog(600), content: map[string]string{}, cache: map[string][]string{}}
	s := mustOpen(t, opts(dir))
	fill := func(from, to int) {
		mustCatch(t, s, sm.log[:to])
		for i := from; i < to; i += 3 {
			key := fmt.Sprintf("tile%d", i)
			put(t, s, tiles, key, blob(key))
			sm.content[key] = blob(key)
			key = fmt.Sprintf("note%d", i%50)
			put(t, s, notes, key, strconv.Itoa(i))
			sm.cache[key] = append(sm.cache[key], strconv.Itoa(i))
		}
	}
	fill(0, 200)
	mustClose(t, s)
	s = mustOpen(t, opts(dir))
	fill(200, 400)
	mustClose(t, s)
	s = mustOpen(t, opts(dir))
	fill(400, 600)
	if closed {
		mustClose(t, s)
	}
	sm.files = readFiles(t, dir)
	return sm
}

func readFiles(t testing.TB, dir string) map[string]fileCopy {
	files := map[string]fileCopy{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "ballast" {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = fileCopy{bytes.TrimRight(data, "\x00"), int64(len(data))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (sm *sample) write(t testing.TB, files map[string]fileCopy) (dir string) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for path, f := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, f.size); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// paths returns the files of Badger, in order.
func (sm *sample) paths() (all []string) {
	for path := range sm.files {
		if strings.HasPrefix(path, "db/") && path != "db/LOCK" {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return all
}

// An outcome counts how damage ended.
type outcome struct{ cases, equal, rebuilt, aside, doubted int }

// try opens the files, and fails where anything is wrong or missing without a word.
func (sm *sample) try(t *testing.T, what string, files map[string]fileCopy, out *outcome) {
	t.Helper()
	out.cases++
	dir := sm.write(t, files)
	defer os.RemoveAll(dir)
	s, err := Open(context.Background(), opts(dir))
	if err != nil {
		t.Errorf("%s: Open: %v", what, err)
		return
	}
	defer s.Close()
	rebuilt, why, err := catch(s, words, sm.log)
	if err != nil || rebuilt != (why != "") {
		t.Errorf("%s: Catch: rebuilt %t, %q, %v", what, rebuilt, why, err)
		return
	}
	sameView(t, s, sm.log)
	told := rebuilt || s.Opening().Why != "" || len(s.Doubts()) > 0
	equal := sm.holdContent(t, what, s) && sm.holdCache(t, what, s)
	switch {
	case s.Opening().Aside != "":
		out.aside++
	case len(s.Doubts()) > 0:
		out.doubted++
	case rebuilt:
		out.rebuilt++
	case equal:
		out.equal++
	}
	if !equal && !told && len(s.Opening().Dropped) == 0 {
		t.Logf("%s: the cache went back", what)
	}
}

// holdContent fails where content is wrong, or misses without a doubt.
func (sm *sample) holdContent(t *testing.T, what string, s *Store) (equal bool) {
	missing := 0
	for key, want := range sm.content {
		got, err := get(s, tiles, key)
		if err == nil && got != want {
			t.Errorf("%s: wrong content under %s", what, key)
		} else if err != nil {
			missing++
		}
	}
	got, err := all(s, tiles)
	if len(s.Doubts()) == 0 && (missing > 0 || err != nil || len(got) != len(sm.content)) {
		t.Errorf("%s: SILENT: %d of %d missing, %d found, %v", what, missing, len(sm.content), len(got), err)
	}
	return missing == 0 && err == nil
}

// holdCache fails where the cache has what it never had.
func (sm *sample) holdCache(t *testing.T, what string, s *Store) (equal bool) {
	equal = true
	for key, had := range sm.cache {
		got, err := get(s, notes, key)
		if err == nil && !slices.Contains(had, got) {
			t.Errorf("%s: the cache has %q under %s", what, got, key)
		}
		equal = equal && err == nil && got == had[len(had)-1]
	}
	return equal
}

// with returns the files, one of them changed.
func (sm *sample) with(path string, f fileCopy) map[string]fileCopy {
	files := map[string]fileCopy{}
	for p, g := range sm.files {
		files[p] = g
	}
	files[path] = f
	return files
}

func (f fileCopy) flip(at int, bits byte) fileCopy {
	data := slices.Concat(f.data, make([]byte, max(0, at+1-len(f.data))))
	data[at] ^= bits
	return fileCopy{data, max(f.size, int64(len(data)))}
}

// flips is how many flips each test tries. STELLA_FLIPS=all tries every byte that the tests name, and 2,000 at random.
func flips() (n int, all bool) { return 6, os.Getenv("STELLA_FLIPS") == "all" }

// TestFlips: a flipped bit anywhere in Badger's files is told, or does no harm.
func TestFlips(t *testing.T) {
	for _, closed := range []bool{true, false} {
		t.Run(fmt.Sprintf("closed=%t", closed), func(t *testing.T) {
			sm := sampleStore(t, closed)
			rng := rand.New(rand.NewPCG(1, 2))
			n, every := flips()
			var out outcome
			for _, path := range sm.paths() {
				f := sm.files[path]
				head := min(len(f.data), 1024)
				if strings.HasSuffix(path, "MANIFEST") {
					head = len(f.data)
				}
				for at := range head {
					if every || rng.IntN(head) < n/2 {
						sm.try(t, fmt.Sprintf("%s, byte %d", path, at), sm.with(path, f.flip(at, 1<<rng.IntN(8))), &out)
					}
				}
				random := n
				if every {
					random = 2000 / len(sm.paths())
				}
				for range random {
					at, bits := rng.IntN(len(f.data)+64), byte(1+rng.IntN(255))
					sm.try(t, fmt.Sprintf("%s, byte %d ^ %02x", path, at, bits), sm.with(path, f.flip(at, bits)), &out)
				}
			}
			t.Logf("%+v", out)
		})
	}
}

// TestFiles: a file of Badger's that is gone, cut, grown, zeroed in part or another's is told, or does no harm.
func TestFiles(t *testing.T) {
	for _, closed := range []bool{true, false} {
		t.Run(fmt.Sprintf("closed=%t", closed), func(t *testing.T) {
			sm := sampleStore(t, closed)
			var out outcome
			for _, path := range sm.paths() {
				f := sm.files[path]
				gone := sm.with(path, f)
				delete(gone, path)
				sm.try(t, path+" gone", gone, &out)
				for _, n := range []int{0, 1, 19, 20, 21, len(f.data) / 2, len(f.data) - 100, len(f.data) - 4, len(f.data) - 1} {
					if n >= 0 && n < len(f.data) {
						sm.try(t, fmt.Sprintf("%s cut to %d", path, n), sm.with(path, fileCopy{f.data[:n], int64(n)}), &out)
						zeroed := slices.Concat(f.data[:n], make([]byte, len(f.data)-n))
						sm.try(t, fmt.Sprintf("%s zeroed from %d", path, n), sm.with(path, fileCopy{zeroed, f.size}), &out)
					}
				}
				sm.try(t, path+" grown", sm.with(path, fileCopy{slices.Concat(f.data, []byte("garbage")), max(f.size, int64(len(f.data)+7))}), &out)
				for _, other := range sm.paths() {
					if other > path {
						swapped := sm.with(path, sm.files[other])
						swapped[other] = f
						sm.try(t, path+" swapped with "+other, swapped, &out)
					}
				}
			}
			none := map[string]fileCopy{}
			for path, f := range sm.files {
				if !strings.HasPrefix(path, "db/") {
					none[path] = f
				}
			}
			sm.try(t, "all of db gone", none, &out)
			t.Logf("%+v", out)
		})
	}
}

// TestOldDatabase: a database that is whole, but from an earlier day, is told.
func TestOldDatabase(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, opts(dir))
	put(t, s, tiles, "a", "1")
	mustClose(t, s)
	old := readFiles(t, dir)
	s = mustOpen(t, opts(dir))
	put(t, s, tiles, "b", "2")
	mustClose(t, s)
	now := readFiles(t, dir)
	for path := range now {
		if strings.HasPrefix(path, "db/") {
			delete(now, path)
		}
	}
	for path, f := range old {
		if strings.HasPrefix(path, "db/") {
			now[path] = f
		}
	}
	s = mustOpen(t, opts((&sample{}).write(t, now)))
	if d := s.Doubts(); len(d) != 1 || d[0].Keyspace != "tiles" || !strings.Contains(d[0].Why, "1 keys where there were 2") {
		t.Errorf("doubts: %v", d)
	}
}

// TestHeadsDamaged: damage to the copy outside never loses content or stops the start; a copy that says nothing is told.
func TestHeadsDamaged(t *testing.T) {
	sm := sampleStore(t, true)
	f := sm.files["heads"]
	var out outcome
	for _, at := range []int{0, 31, 32, 36, 40, 100, slotSize, slotSize + 33, slotSize + 50, len(f.data) - 1} {
		sm.try(t, fmt.Sprintf("heads, byte %d", at), sm.with("heads", f.flip(at, 4)), &out)
	}
	if out.doubted > 0 {
		t.Errorf("one slot of two damaged: %+v", out)
	}
	none := sm.with("heads", fileCopy{})
	delete(none, "heads")
	for what, files := range map[string]map[string]fileCopy{
		"gone": none, "both slots": sm.with("heads", f.flip(5, 1).flip(slotSize+5, 1)),
		"cut": sm.with("heads", fileCopy{f.data[:10], 10}), "empty": sm.with("heads", fileCopy{}),
	} {
		before := out.doubted
		if sm.try(t, "heads "+what, files, &out); out.doubted != before+1 {
			t.Errorf("heads %s: no doubt", what)
		}
	}
}
