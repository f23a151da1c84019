package faults

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/audit/journal"
	"stellad/daemon"
	"stellad/daemon/config"
)

// TestFlips flips bits in the files of a state folder: of each header every byte, and at random. The check that
// `stellad check` is finds it, or the log, the key and genesis are what they were; that the views are, it says itself.
func TestFlips(t *testing.T) {
	s := newSample(t, true)
	luck := rand.New(rand.NewPCG(1, 2))
	f := newFlipped(t, s)
	all := f.spots(t, luck)
	found, mended, nothing, silent := 0, 0, 0, 0
	for _, p := range all {
		kind, why := f.flip(t, p, byte(1<<luck.IntN(8)))
		switch {
		case why != "":
			silent++
			t.Errorf("a flip in %s, byte %d, is silent: %s", p.file, p.at, why)
		case kind == "fault":
			found++
		case kind == "mended":
			mended++
		default:
			nothing++
		}
	}
	t.Logf("%-24s %6d flips %6d found %6d mended and told %6d changed nothing %6d silent", "bits", len(all), found, mended, nothing, silent)
}

// A spot is a byte of a file, by its path below the state folder.
type spot struct {
	file string
	at   int64
}

// flipped is a copy of a sample of which one bit is another, each time.
type flipped struct {
	state string
	want  string
	files map[string][]byte // without the zeros at the end
	sizes map[string]int64
}

func newFlipped(t *testing.T, s sample) *flipped {
	f := &flipped{state: filepath.Join(place(t, 1024), "state"), files: map[string][]byte{}, sizes: map[string]int64{}}
	copyFolder(t, f.state, s.state)
	for _, name := range files(t, f.state) {
		f.files[name], f.sizes[name] = trimmed(t, filepath.Join(f.state, name))
	}
	want, err := logOf(f.state)
	must(t, err)
	f.want = want
	f.restore(t)
	return f
}

// spots gives every byte of the headers, and others at random.
func (f *flipped) spots(t *testing.T, luck *rand.Rand) (all []spot) {
	t.Helper()
	for name, data := range f.files {
		store := strings.HasPrefix(name, "db/")
		if strings.HasSuffix(name, "ballast") || strings.HasSuffix(name, "spare") || len(data) == 0 {
			continue // their bytes mean nothing
		}
		header, random := min(len(data), 700), times(120, 600)
		if strings.HasSuffix(name, "head") {
			header = len(data)
		}
		for at := range header {
			if !store || long || at%16 == 0 { // a check of the store takes its time
				all = append(all, spot{name, int64(at)})
			}
		}
		if store && !long {
			random = 4
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
	c := config.Default()
	c.State = f.state
	checked, err := daemon.CheckState(t.Context(), c, func(found daemon.Finding) {
		switch {
		case !store && strings.HasPrefix(found.Path, filepath.Join(f.state, "db")):
		case found.Fault:
			kind = "fault"
		case kind == "" && !strings.HasPrefix(found.What, "left over"):
			kind = "mended"
		}
	})
	must(t, err)
	if kind == "fault" {
		return kind, ""
	}
	now, err := logOf(f.state)
	if err != nil {
		return kind, err.Error()
	}
	if now != f.want {
		return kind, fmt.Sprintf("a check finds %d records good, and there is %s", checked.Size, firstOther(now, f.want))
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
		if strings.HasSuffix(name, "ballast") || strings.HasSuffix(name, "spare") {
			continue
		}
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

// logOf gives, as text, all that a state folder says but for the views.
func logOf(state string) (string, error) {
	g, err := daemon.ReadGenesis(state)
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(filepath.Join(state, "audit.key"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n%s", *g, key)
	j, err := journal.Open(filepath.Join(state, "audit"), journal.Options{
		Clock: time.Now, Boot: "00000000-0000-0000-0000-000000000000", Log: slog.New(slog.DiscardHandler),
		Up: func() time.Duration { return 0 },
	})
	if err != nil {
		return "", err
	}
	defer j.Close() //nolint:errcheck // nothing was written
	seq := uint64(0)
	for line, err := range j.Lines(0) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s\n", line)
		if a, err := j.Annotation(seq); err == nil {
			fmt.Fprintln(&b, a.Text)
		}
		seq++
	}
	return b.String(), checkpointsOf(&b, j)
}

func checkpointsOf(b *strings.Builder, j *journal.Journal) error {
	sizes, err := j.Checkpoints()
	for _, size := range sizes {
		text, err := j.ReadCheckpoint(size)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	return err
}
