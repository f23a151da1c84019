package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stellad/audit"
)

// sample is a journal's folder as a stop leaves it, in memory, with what it must hold.
type sample struct {
	files     map[string][]byte
	yesterday map[string][]byte // the same journal, earlier
	lines     []string
}

// makeSample makes a journal of several segments, with annotations, an erasure and checkpoints.
func makeSample(t testing.TB) sample {
	t.Helper()
	dir, o := t.TempDir(), options()
	j := mustOpen(t, dir, o)
	signWith(t, j)
	fill(t, j, 70)
	mustCheckpoint(t, j)
	fill(t, j, 60)
	mustClose(t, j)
	s := sample{yesterday: readAll(t, dir)}
	j = mustOpen(t, dir, o) // without a key: no checkpoint is of the last size
	if _, err := j.Erase(t.Context(), audit.Record{}, 4, 100); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 60)
	s.lines = lines(t, j)
	mustClose(t, j)
	s.files = readAll(t, dir)
	return s
}

func mustCheckpoint(t testing.TB, j *Journal) []byte {
	t.Helper()
	msg, err := j.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func readAll(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// restore makes dir hold files and nothing else, writing only what differs.
func restore(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for _, name := range folders {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	have := readAll(t, dir)
	for name := range have {
		if _, ok := files[name]; !ok {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, content := range files {
		if is, ok := have[name]; ok && bytes.Equal(is, content) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// verdict opens and checks what is in dir. It says "" where something is wrong and
// nobody was told, or told and yet not as it was; else how it was told.
func (s sample) verdict(t testing.TB, dir string) (how, why string) {
	t.Helper()
	var told recorder
	o := logTo(options(), &told)
	o.sys = kernel()
	o.sys.sync = func(*os.File) error { return nil } // nothing crashes here, and it is done thousands of times
	j, err := Open(dir, o)
	if err != nil {
		return refusedWith(err)
	}
	defer j.Close() //nolint:errcheck // the verdict is before
	sign, key := auditKey()
	if err := j.SignWith(origin, sign, key); err != nil {
		return refusedWith(err)
	}
	if _, err := j.Check(t.Context()); err != nil {
		return refusedWith(err)
	}
	if got := lines(t, j); strings.Join(got, "\n") != strings.Join(s.lines, "\n") {
		return "", fmt.Sprintf("%d lines of %d, or others; told: %s", len(got), len(s.lines), told.String())
	}
	if told.String() == "" {
		return "", "silent"
	}
	return "healed", told.String()
}

func refusedWith(err error) (how, why string) {
	if !errors.Is(err, ErrDamaged) {
		return "", fmt.Sprintf("refused, but not as damaged: %v", err)
	}
	return "refused", err.Error()
}

// untouched fails where what was refused was also changed: who repairs it needs all of it.
func untouched(t *testing.T, dir, what, how string, files map[string][]byte) {
	t.Helper()
	if how != "refused" {
		return
	}
	now := readAll(t, dir)
	for name := range now {
		if _, ok := files[name]; !ok && !meaningless(name) && name != "segments/"+spareName {
			t.Errorf("%s was refused, and there is %s now", what, name)
		}
	}
	for name, content := range files {
		kept := strings.HasPrefix(name, "annotations/") || strings.HasPrefix(name, "segments/") && !strings.HasSuffix(name, spareName)
		if kept && !bytes.Equal(bytes.TrimRight(now[name], "\x00"), bytes.TrimRight(content, "\x00")) {
			t.Errorf("%s was refused, and %s was changed", what, name)
		}
	}
}

// meaningless are the files of which the bytes mean nothing.
func meaningless(name string) bool { return name == "ballast" }

// TestSample is the control: what nobody touched is neither refused nor healed.
func TestSample(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	restore(t, dir, s.files)
	if how, why := s.verdict(t, dir); why != "silent" {
		t.Fatalf("%s: %s", how, why)
	}
}

// TestFilesLost: a file that is deleted, cut, replaced or swapped is refused or healed,
// and told either way.
func TestFilesLost(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	try := func(what, name string, change func(path string) error) {
		restore(t, dir, s.files)
		if err := change(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		changed := readAll(t, dir)
		how, why := s.verdict(t, dir)
		if how == "" && (!meaningless(name) || why != "silent") {
			t.Errorf("%s %s: %s", name, what, why)
		}
		untouched(t, dir, name+" "+what, how, changed)
	}
	for name, content := range s.files {
		try("deleted", name, os.Remove)
		try("emptied", name, func(path string) error { return os.Truncate(path, 0) })
		try("cut by half", name, func(path string) error { return os.Truncate(path, int64(len(content)/2)) })
		try("cut by a byte", name, func(path string) error { return os.Truncate(path, int64(len(content)-1)) })
		try("with a byte more", name, func(path string) error { return os.WriteFile(path, append(bytes.Clone(content), 'x'), 0o600) })
		try("with a zero more", name, func(path string) error { return os.WriteFile(path, append(bytes.Clone(content), 0), 0o600) })
		if was, ok := s.yesterday[name]; ok && !bytes.Equal(was, content) {
			try("of yesterday", name, func(path string) error { return os.WriteFile(path, was, 0o600) })
		}
		for other, theirs := range s.files {
			if other < name && filepath.Dir(other) == filepath.Dir(name) && !bytes.Equal(theirs, content) && !meaningless(other) && !meaningless(name) {
				try("swapped with "+other, name, func(path string) error {
					return errors.Join(os.WriteFile(path, theirs, 0o600), os.WriteFile(filepath.Join(dir, other), content, 0o600))
				})
			}
		}
	}
	for _, folder := range folders {
		try("deleted", folder, os.RemoveAll)
	}
	try("and the first segment deleted", "head", func(path string) error {
		return errors.Join(os.Remove(path), os.Remove(filepath.Join(dir, "segments", segmentName(0))))
	})
	try("and all segments deleted", "head", func(path string) error {
		return errors.Join(os.Remove(path), os.RemoveAll(filepath.Join(dir, "segments")))
	})
}

// TestWholeFolderOfYesterday is what the journal can't tell alone: a checkpoint kept
// elsewhere tells it, by its size, or by the root at that size.
func TestWholeFolderOfYesterday(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	restore(t, dir, s.yesterday)
	j := mustOpen(t, dir, options())
	kept := uint64(len(s.lines))
	if _, err := j.RootAt(kept); !errors.Is(err, ErrNoRecord) {
		t.Fatalf("the older log has a root for %d records: %v", kept, err)
	}
	mustClose(t, j)
	// Yesterday's log beside today's checkpoint is told by the journal itself.
	restore(t, dir, s.files)
	j = mustOpen(t, dir, options())
	signWith(t, j)
	mustClose(t, j)
	files := maps.Clone(s.yesterday)
	for name, content := range readAll(t, dir) {
		if strings.HasPrefix(name, "checkpoints/") {
			files[name] = content
		}
	}
	restore(t, dir, files)
	if how, why := s.verdict(t, dir); how != "refused" {
		t.Errorf("a log older than its checkpoint: %q, %s", how, why)
	}
}

// TestForged: a record that was replaced, with a checksum to it, does not give the root.
func TestForged(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	for _, seq := range []int{3, len(s.lines) - 3} {
		forged := strings.Replace(s.lines[seq], `"uid":1000`, `"uid":1001`, 1)
		files := map[string][]byte{}
		for name, content := range s.files {
			for _, mark := range []byte{markBatch, markMore} {
				content = bytes.Replace(content, appendFrame(nil, mark, []byte(s.lines[seq])), appendFrame(nil, mark, []byte(forged)), 1)
			}
			files[name] = content
		}
		restore(t, dir, files)
		how, why := s.verdict(t, dir)
		if how != "refused" || !strings.Contains(why, "segments/") {
			t.Errorf("record %d: %q, %s", seq, how, why)
		}
	}
}

// TestForeignAnnotation: a text to a record that names none does not pass.
func TestForeignAnnotation(t *testing.T) {
	j := mustOpen(t, t.TempDir(), options())
	fill(t, j, 5)
	a := audit.Annotation{Seq: 2, Text: map[string]string{"reason": "made up"}}
	line, err := a.Line()
	if err != nil {
		t.Fatal(err)
	}
	p := j.point()
	frames := appendFrame(nil, markMore, line)
	if err := j.files.appendNotes(p.notes, frames); err != nil {
		t.Fatal(err)
	}
	p.notes += int64(len(frames))
	j.publish(p)
	if _, err := j.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("check: %v", err)
	}
}

// TestFlips flips single bits: in every byte of every header, of head, and of each
// checkpoint, and in others by chance. None is silent.
func TestFlips(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	luck := rand.New(rand.NewPCG(1, 2))
	n := 2000
	if long, err := strconv.Atoi(os.Getenv("JOURNAL_FLIPS")); err == nil {
		n = long
	}
	var names []string
	counts := map[string]int{}
	flip := func(name string, at int) {
		restore(t, dir, s.files)
		content := bytes.Clone(s.files[name])
		content[at] ^= 1 << luck.IntN(8)
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		changed := maps.Clone(s.files)
		changed[name] = content
		how, why := s.verdict(t, dir)
		untouched(t, dir, fmt.Sprintf("%s, byte %d", name, at), how, changed)
		if how == "" {
			t.Errorf("%s, byte %d (%q to %q): %s", name, at, s.files[name][at], content[at], why)
		}
		counts[how]++
	}
	for name, content := range s.files {
		if meaningless(name) {
			continue
		}
		names = append(names, name)
		end := 0
		switch {
		case name == "segments/spare": // some of its zeros, by chance
		case name == "head", strings.HasPrefix(name, "segments/"):
			fr, ok := parseFrame(content)
			if !ok {
				t.Fatalf("%s does not begin with a frame", name)
			}
			end = fr.size
		case strings.HasPrefix(name, "checkpoints/"):
			end = len(content)
		}
		for at := range end {
			flip(name, at)
		}
		for at := range end * strings.Count(name, "head") { // the second slot
			flip(name, slotSize+at)
		}
	}
	for range n {
		name := names[luck.IntN(len(names))]
		if len(s.files[name]) > 0 {
			flip(name, luck.IntN(len(s.files[name])))
		}
	}
	t.Logf("%v", counts)
}
