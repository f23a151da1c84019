package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/archive"
)

func folder(t testing.TB) (*os.Root, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	must(t, os.Mkdir(dir, 0o700))
	root, err := os.OpenRoot(dir)
	must(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return root, dir
}

func TestExtract(t *testing.T) {
	root, dir := folder(t)
	must(t, archive.Extract(bytes.NewReader(write(t, some...)), limits, root))
	for _, f := range some {
		text, err := os.ReadFile(filepath.Join(dir, f.name))
		must(t, err)
		info, err := os.Stat(filepath.Join(dir, f.name))
		must(t, err)
		if string(text) != f.content || info.Mode().Perm()&^0o644 != 0 {
			t.Errorf("%s: %d bytes, %s", f.name, len(text), info.Mode())
		}
	}
	if err := archive.Extract(bytes.NewReader(write(t, some...)), limits, root); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
}

// Nothing is written outside of the folder, whatever lies in it or in the archive.
func TestExtractStaysInside(t *testing.T) {
	root, dir := folder(t)
	outside := filepath.Dir(dir)
	must(t, os.Symlink(outside, filepath.Join(dir, "d")))
	must(t, os.Symlink(filepath.Join(outside, "new"), filepath.Join(dir, "a.json")))
	for _, text := range [][]byte{
		write(t, file{"d/b", "x"}), write(t, file{"a.json", "x"}),
		foreign(t, tar.Header{Name: "../b"}, "x"), foreign(t, tar.Header{Name: outside + "/b"}, "x"),
	} {
		if archive.Extract(bytes.NewReader(text), limits, root) == nil {
			t.Error("extracted")
		}
	}
	if names, err := os.ReadDir(outside); err != nil || len(names) != 1 {
		t.Errorf("outside are %v %v", names, err)
	}
	if err := archive.Put(root, archive.Entry{Name: "../b"}, strings.NewReader("")); !errors.Is(err, archive.ErrArchive) {
		t.Error(err)
	}
}
