// Package archivetest takes archives apart in tests, and makes archives of any files.
package archivetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"stellad/internal/archive"
)

// A File is one of an archive.
type File struct {
	Name    string
	Content []byte
}

// Files takes an archive apart, whatever is in it.
func Files(t testing.TB, text []byte) (list []File) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	must(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		list = append(list, File{h.Name, content})
	}
}

// Pack makes an archive of files in their order.
func Pack(t testing.TB, list []File) []byte {
	t.Helper()
	var b bytes.Buffer
	w := archive.NewWriter(&b, archive.Limits{Files: 100_000, File: 1 << 30, Total: 1 << 30, Ratio: 1000})
	for _, f := range list {
		must(t, w.Add(archive.Entry{Name: f.Name, Size: int64(len(f.Content))}, bytes.NewReader(f.Content)))
	}
	must(t, w.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
