package audit

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// long gives the second verifier all mutations, not a thousand, and both of them the
// larger export: some minutes.
var long = flag.Bool("audit.long", false, "mutate a larger export, and give every mutation to the second verifier too")

const script = "../docs/formats/verify_audit.py"

// shelf lays exports out in folders that share the files they have in common.
type shelf struct {
	dir   string
	names []string
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(s.dir, "files"), 0o777); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shelf) add(t testing.TB, dir fstest.MapFS) string {
	t.Helper()
	at := fmt.Sprintf("%05d", len(s.names))
	s.names = append(s.names, at)
	for name, file := range dir {
		kept := filepath.Join(s.dir, "files", fmt.Sprintf("%x", sha256.Sum256(file.Data)))
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			if err := os.WriteFile(kept, file.Data, 0o444); err != nil {
				t.Fatal(err)
			}
		}
		to := filepath.Join(s.dir, at, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.Link(kept, to)); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// python runs the second verifier over all exports at once, and gives what it says
// of each and its exit status.
func (s *shelf) python(t testing.TB, key signer, flags ...string) (map[string]string, int) {
	t.Helper()
	pinned := filepath.Join(s.dir, "key")
	if err := os.WriteFile(pinned, []byte(key.VerifierKey.String()+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", append(append([]string{"-I", path, "--key", pinned}, flags...), s.names...)...)
	cmd.Dir, cmd.Stderr = s.dir, os.Stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, verdict, _ := strings.Cut(line, ": ")
		said[name] = strings.TrimSpace(verdict)
	}
	if len(said) != len(s.names) {
		t.Fatalf("%d verdicts on %d exports:\n%s", len(said), len(s.names), out)
	}
	return said, cmd.ProcessState.ExitCode()
}

// TestMutationsInPython holds the second verifier to what Verify is held to.
func TestMutationsInPython(t *testing.T) {
	n := 1000
	if *long {
		n = 10000
	}
	s := newShelf(t)
	names := map[string]string{}
	for name, dir := range mutants(t, n, 2) {
		names[s.add(t, dir)] = name
	}
	said, status := s.python(t, newLog(t, 1).key)
	reasons := map[string]int{}
	for at, verdict := range said {
		if reasons[verdict]++; strings.HasPrefix(verdict, "holds") {
			t.Errorf("%s: %s", names[at], verdict)
		}
	}
	if status != 2 { // some lack their checkpoint: no export
		t.Errorf("exit status %d", status)
	}
	t.Logf("%d refused for %d distinct reasons", len(said), len(reasons))
}

// TestPythonAgrees takes whole and partial exports, of one record and of many.
func TestPythonAgrees(t *testing.T) {
	for _, size := range []int{1, 2, 255, 256, 257, 700} {
		m := newLog(t, size)
		s := newShelf(t)
		s.add(t, exported(t, m, nil))
		for _, since := range m.checkpoints {
			s.add(t, exported(t, m, since))
		}
		said, status := s.python(t, m.key)
		for at, verdict := range said {
			if !strings.HasPrefix(verdict, "holds") {
				t.Errorf("%d records, export %s: %s", size, at, verdict)
			}
		}
		if status != 0 {
			t.Errorf("%d records: exit status %d", size, status)
		}
	}
}

// TestPythonIsShort keeps the second verifier to what can be read at one sitting.
func TestPythonIsShort(t *testing.T) {
	if n := strings.Count(string(verifier), "\n"); n >= 150 {
		t.Errorf("%d lines", n)
	}
	if text, err := os.ReadFile(script); err != nil || string(text) != string(verifier) {
		t.Errorf("%s is not what exports carry: %v", script, err)
	}
}
