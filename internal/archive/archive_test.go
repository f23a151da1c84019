package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stellad/internal/archive"
)

var limits = archive.Limits{Files: 10, File: 1 << 20, Total: 2 << 20, Ratio: 100}

type file struct{ name, content string }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := archive.NewWriter(&b, limits)
	for _, f := range files {
		must(t, w.Add(archive.Entry{Name: f.name, Size: int64(len(f.content))}, strings.NewReader(f.content)))
	}
	must(t, w.Close())
	return b.Bytes()
}

func read(text []byte) (files []file, err error) {
	err = archive.Read(bytes.NewReader(text), limits, func(e archive.Entry, r io.Reader) error {
		content, err := io.ReadAll(r)
		files = append(files, file{e.Name, string(content)})
		return err
	})
	return files, err
}

var some = []file{{"a.json", "{}"}, {"empty", ""}, {"d/b", strings.Repeat("x", 512)}, {"d/e/c", strings.Repeat("y", 513)}}

func TestRoundTrip(t *testing.T) {
	text := write(t, some...)
	if got, err := read(text); err != nil || !slices.Equal(got, some) {
		t.Errorf("%v %v", got, err)
	}
	if !bytes.Equal(text, write(t, some...)) {
		t.Error("written again, it is another")
	}
	// A reader that does not look at a file gets the next one all the same.
	n := 0
	if err := archive.Read(bytes.NewReader(text), limits, func(archive.Entry, io.Reader) error { n++; return nil }); err != nil || n != len(some) {
		t.Errorf("%d files, %v", n, err)
	}
}

// The tar is the one that archive/tar writes, and GNU tar reads it.
func TestPeers(t *testing.T) {
	var want bytes.Buffer
	w := tar.NewWriter(&want)
	for _, f := range some {
		must(t, w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.content)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}))
		_, err := io.WriteString(w, f.content)
		must(t, err)
	}
	must(t, w.Close())
	text := write(t, some...)
	if !bytes.Equal(unzip(t, text), want.Bytes()) {
		t.Error("archive/tar writes other bytes")
	}
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	must(t, os.WriteFile(name, text, 0o600))
	out, err := exec.Command("tar", "-tzf", name).CombinedOutput()
	if err != nil || string(out) != "a.json\nempty\nd/b\nd/e/c\n" {
		t.Errorf("tar: %s %v", out, err)
	}
}

func unzip(t testing.TB, text []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(text))
	must(t, err)
	raw, err := io.ReadAll(r)
	must(t, err)
	return raw
}

// zip compresses as the writer does.
func zip(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(raw)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func TestErrorsOfOthers(t *testing.T) {
	text := write(t, some...)
	mine := errors.New("mine")
	err := archive.Read(bytes.NewReader(text), limits, func(archive.Entry, io.Reader) error { return mine })
	if !errors.Is(err, mine) || errors.Is(err, archive.ErrArchive) {
		t.Errorf("the caller's error became %v", err)
	}
	disk := errors.New("input/output error")
	broken := io.MultiReader(bytes.NewReader(text[:40]), iotestErr{disk})
	if err := archive.Read(broken, limits, func(archive.Entry, io.Reader) error { return nil }); !errors.Is(err, disk) || errors.Is(err, archive.ErrArchive) {
		t.Errorf("the disk's error became %v", err)
	}
}

type iotestErr struct{ err error }

func (r iotestErr) Read([]byte) (int, error) { return 0, r.err }

func TestWriterRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		size    int64
		content string
		name    string
	}{
		"too short": {3, "ab", "a"}, "too long": {1, "ab", "a"}, "too large": {1<<20 + 1, "", "a"}, "negative": {-1, "", "a"},
		"name": {0, "", "../a"}, "twice": {0, "", "first"}, "case": {0, "", "FIRST"}, "folder": {0, "", "first/a"},
	} {
		w := archive.NewWriter(io.Discard, limits)
		must(t, w.Add(archive.Entry{Name: "first"}, strings.NewReader("")))
		if err := w.Add(archive.Entry{Name: c.name, Size: c.size}, strings.NewReader(c.content)); !errors.Is(err, archive.ErrArchive) {
			t.Errorf("%s: %v", name, err)
		}
		if w.Close() == nil {
			t.Errorf("%s: closed as if whole", name)
		}
	}
}

func TestWriterRefusesBomb(t *testing.T) {
	w := archive.NewWriter(io.Discard, archive.Limits{Files: 1, File: 1 << 30, Total: 1 << 30, Ratio: 100})
	must(t, w.Add(archive.Entry{Name: "zeros", Size: 100 << 20}, io.LimitReader(zeros{}, 100<<20)))
	if err := w.Close(); !errors.Is(err, archive.ErrArchive) {
		t.Errorf("want a refusal, got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
