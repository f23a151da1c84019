package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	fill(t, j, 61)
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
