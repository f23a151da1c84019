package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestFlips flips bits in the files of a state folder: of each header every byte, and at random. The check that
// `stellad check` is finds it, or the log and genesis are what they were; of the views and the key it says itself.
func TestFlips(t *testing.T) {
	s := newSample(t, true)
	all := newFlipped(t, s).spots(t, rand.New(rand.NewPCG(1, 2)))
	kinds := map[string]int{}
	var mu sync.Mutex
	t.Cleanup(func() {
		t.Logf("%-24s %6d flips %6d found %6d mended and told %6d changed nothing %6d silent",
			"bits", len(all), kinds["fault"], kinds["mended"], kinds[""], kinds["silent"])
	})
	for some := range slices.Chunk(all, (len(all)+3)/4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			f, luck := newFlipped(t, s), rand.New(rand.NewPCG(3, uint64(some[0].at))) //nolint:gosec // it is not negative
			for _, at := range some {
				kind, why := f.flip(t, at, byte(1<<luck.IntN(8)))
				if why != "" {
					t.Errorf("a flip in %s, byte %d, is silent: %s", at.file, at.at, why)
					kind = "silent"
				}
				mu.Lock()
				kinds[kind]++
				mu.Unlock()
			}
		})
	}
}

// A spot is a byte of a file, by its path below the state folder.
type spot struct {
	file string
	at   int64
}

// flipped is a copy of a sample of which one bit is another, each time.
type flipped struct {
	home
	want  string
	files map[string][]byte // without the zeros at the end
	sizes map[string]int64
}

func newFlipped(t *testing.T, s sample) *flipped {
	f := &flipped{home: s.elsewhere(t, filepath.Join(shortDir(t), "state")), files: map[string][]byte{}, sizes: map[string]int64{}}
	copyFolder(t, f.state, s.state)
	for _, name := range files(t, f.state) {
		if strings.HasSuffix(name, "ballast") || strings.HasSuffix(name, "spare") {
			continue // their bytes mean nothing
		}
		f.files[name], f.sizes[name] = trimmed(t, filepath.Join(f.state, name))
	}
	f.want = logOf(t, f.state)
	return f
}

// spots gives the bytes to flip: of each header all, or of the store, whose check takes its time, some, and others at
// random.
func (f *flipped) spots(t *testing.T, luck *rand.Rand) (all []spot) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		data, header, every, random := f.files[name], times(300, 700), 1, times(20, 900)
		switch {
		case len(data) == 0:
			continue
		case name == "audit/head":
			header = len(data) // two slots
		case strings.HasPrefix(name, "db/"):
			every, random = times(16, 1), times(2, 200)
		}
		for at := 0; at < min(header, len(data)); at += every {
			if data[at] != 0 || at%64 == 0 {
				all = append(all, spot{name, int64(at)})
			}
		}
		for range random {
			all = append(all, spot{name, luck.Int64N(min(f.sizes[name], int64(len(data))+4096))})
		}
	}
	return all
}

// flip flips bits of a byte and tells what a check says, and why it should not.
func (f *flipped) flip(t *testing.T, p spot, bits byte) (kind, silent string) {
	t.Helper()
	defer f.restore(t)
	store := strings.HasPrefix(p.file, "db/")
	if !store { // the store is as it was, and need not be read
		aside := filepath.Join(filepath.Dir(f.state), "db")
		must(t, os.Rename(filepath.Join(f.state, "db"), aside))
		defer func() { must(t, os.Rename(aside, filepath.Join(f.state, "db"))) }()
	}
	flipByte(t, filepath.Join(f.state, p.file), p.at, bits)
	out, status := f.home.check(t)
	for line := range strings.Lines(out) {
		switch {
		case !store && strings.HasPrefix(line, "FAULT "+filepath.Join(f.state, "db")):
		case strings.HasPrefix(line, "FAULT "):
			return "fault", ""
		case strings.HasPrefix(line, "mended ") && !strings.Contains(line, "left over"):
			kind = "mended"
		}
	}
	if status != 3 && status != 0 || store && status != 0 {
		return kind, fmt.Sprintf("exit status %d: %s", status, out)
	}
	if now := logOf(t, f.state); now != f.want {
		return kind, "a check finds no fault, and there is " + firstOther(now, f.want)
	}
	return kind, ""
}

func flipByte(t testing.TB, name string, at int64, bits byte) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	b := make([]byte, 1)
	_, err = file.ReadAt(b, at)
	must(t, err)
	b[0] ^= bits
	_, err = file.WriteAt(b, at)
	must(t, err)
	must(t, file.Close())
}

// restore makes the copy what it was.
func (f *flipped) restore(t testing.TB) {
	t.Helper()
	for name, data := range f.files {
		file, err := os.OpenFile(filepath.Join(f.state, name), os.O_RDWR|os.O_CREATE, 0o600)
		must(t, err)
		now := make([]byte, len(data)+8192)
		n, _ := file.ReadAt(now, 0)
		if info, err := file.Stat(); err != nil || info.Size() != f.sizes[name] || !bytes.Equal(bytes.TrimRight(now[:n], "\x00"), data) {
			must(t, file.Truncate(0))
			_, err = file.WriteAt(data, 0)
			must(t, err)
			must(t, file.Truncate(f.sizes[name]))
		}
		must(t, file.Close())
	}
}

// firstOther gives the first line that differs.
func firstOther(now, was string) string {
	before := strings.Split(was, "\n")
	for i, line := range strings.Split(now, "\n") {
		if i >= len(before) || line != before[i] {
			return line
		}
	}
	return "less than there was"
}

// logOf gives, as text, all that a state folder says but for the views: the files as their formats are documented.
func logOf(t testing.TB, state string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range files(t, state) {
		data := make([]byte, 1<<16) // more than a sample has
		file, err := os.Open(filepath.Join(state, name))
		must(t, err)
		n, err := file.ReadAt(data, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		must(t, file.Close())
		data, _, _ = bytes.Cut(data[:n], []byte{0})
		switch dir, base := filepath.Split(name); {
		case base == "spare", strings.HasSuffix(base, ".tmp"):
		case dir == "audit/segments/", dir == "audit/annotations/":
			for line := range bytes.Lines(data) {
				b.Write(line[min(9, len(line)):]) // without its checksum and mark
			}
		case dir == "audit/checkpoints/", name == "genesis.json":
			b.Write(data)
		}
	}
	return b.String()
}
