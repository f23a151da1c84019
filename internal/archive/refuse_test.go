package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"stellad/internal/archive"
)

// foreign is a tar of one entry by another writer, with a plain file before it.
func foreign(t testing.TB, h tar.Header, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: "plain", Typeflag: tar.TypeReg, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}))
	if h.Typeflag == 0 {
		h.Typeflag = tar.TypeReg
	}
	if h.Mode == 0 {
		h.Mode = 0o644
	}
	if h.ModTime.IsZero() {
		h.ModTime = time.Unix(0, 0)
	}
	h.Size = int64(len(content))
	must(t, w.WriteHeader(&h))
	_, err := io.WriteString(w, content)
	must(t, err)
	must(t, w.Close())
	return zip(t, b.Bytes())
}

func TestEntriesRefused(t *testing.T) {
	for _, c := range []struct {
		h      tar.Header
		text   string
		reason string
	}{
		{tar.Header{Name: "/etc/passwd"}, "", "absolute"},
		{tar.Header{Name: "../up"}, "", "leaves the folder"},
		{tar.Header{Name: "a/../b"}, "", "leaves the folder"},
		{tar.Header{Name: "./a"}, "", "walks in place"},
		{tar.Header{Name: "a//b"}, "", "empty part"},
		{tar.Header{Name: "plain"}, "", "twice"},
		{tar.Header{Name: "PLAIN"}, "", "case alone"},
		{tar.Header{Name: "plain/x"}, "", "both a file and a folder"},
		{tar.Header{Name: "a\\b"}, "", "characters"},
		{tar.Header{Name: "a\nb"}, "", "characters"},
		{tar.Header{Name: "a b"}, "", "characters"},
		{tar.Header{Name: "c:x"}, "", "characters"},
		{tar.Header{Name: "-rf"}, "", "characters"},
		{tar.Header{Name: "nul"}, "", "device"},
		{tar.Header{Name: "d/COM1.txt"}, "", "device"},
		{tar.Header{Name: "Aux.json"}, "", "device"},
		{tar.Header{Name: "a."}, "", "dot"},
		{tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, "", "symbolic link"},
		{tar.Header{Name: "link", Typeflag: tar.TypeLink, Linkname: "plain"}, "", "hard link"},
		{tar.Header{Name: "dev", Typeflag: tar.TypeChar}, "", "character device"},
		{tar.Header{Name: "dev", Typeflag: tar.TypeBlock}, "", "block device"},
		{tar.Header{Name: "fifo", Typeflag: tar.TypeFifo}, "", "FIFO"},
		{tar.Header{Name: "folder/", Typeflag: tar.TypeDir}, "", "folder"},
		{tar.Header{Name: "p\u212Aain"}, "", "PAX header"}, // a Kelvin sign, which folds to k
		{tar.Header{Name: "x", PAXRecords: map[string]string{"comment": "c"}}, "", "PAX header"},
		{tar.Header{Name: strings.Repeat("n", 101)}, "", "PAX header"},
		{tar.Header{Name: strings.Repeat("n", 101), Format: tar.FormatGNU}, "", "GNU long name"},
		{tar.Header{Name: strings.Repeat("n/", 60) + "x", Format: tar.FormatUSTAR}, "", "prefix"},
		{tar.Header{Name: "x", Format: tar.FormatGNU}, "", "magic"},
		{tar.Header{Name: "x", Mode: 0o755}, "", "mode"},
		{tar.Header{Name: "x", Uid: 1}, "", "owner"},
		{tar.Header{Name: "x", Gid: 1}, "", "group"},
		{tar.Header{Name: "x", Uname: "root"}, "", "owner's name"},
		{tar.Header{Name: "x", ModTime: time.Unix(1, 0)}, "", "time"},
		{tar.Header{Name: "x"}, strings.Repeat("random", 200_000), "one file may have"},
	} {
		_, err := read(foreign(t, c.h, c.text))
		refused(t, c.h.Name, err, c.reason)
	}
}

func refused(t *testing.T, name string, err error, reason string) {
	t.Helper()
	if !errors.Is(err, archive.ErrArchive) || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%.60q: want one line with %q, got %v", name, reason, err)
	}
}

// Each is a tar changed in one place, its header's checksum made right again.
func TestTarsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(tar []byte) []byte
		reason string
	}{
		"a GNU sparse file":     {func(b []byte) []byte { b[156] = 'S'; return sum(b) }, "GNU sparse"},
		"a global PAX header":   {func(b []byte) []byte { b[156] = 'g'; return sum(b) }, "global PAX"},
		"an old form":           {func(b []byte) []byte { b[156] = 0; return sum(b) }, "old form"},
		"an unknown type":       {func(b []byte) []byte { b[156] = 'Z'; return sum(b) }, "of type"},
		"a checksum":            {func(b []byte) []byte { b[149] ^= 1; return b }, "checksum"},
		"a size in base 256":    {func(b []byte) []byte { b[124] = 0x80; return sum(b) }, "octal"},
		"a size with blanks":    {func(b []byte) []byte { b[124] = ' '; return sum(b) }, "octal"},
		"a size beyond the end": {func(b []byte) []byte { b[131] = '1'; return sum(b) }, ""},
		"bytes after a name":    {func(b []byte) []byte { b[50] = 'x'; return sum(b) }, "name"},
		"a link's name":         {func(b []byte) []byte { b[157] = 'x'; return sum(b) }, "link"},
		"header's end":          {func(b []byte) []byte { b[511] = 1; return sum(b) }, "padding"},
		"padding":               {func(b []byte) []byte { b[512+100] = 1; return b }, "no reader shows"},
		"not UTF-8":             {func(b []byte) []byte { b[0] = 0xff; return sum(b) }, "characters"},
		"no name":               {func(b []byte) []byte { clear(b[:100]); return sum(b) }, "0 bytes"},
		"no end":                {func(b []byte) []byte { return b[:len(b)-1024] }, "cut short"},
		"half an end":           {func(b []byte) []byte { return b[:len(b)-512] }, "cut short"},
		"a block too many":      {func(b []byte) []byte { return append(b, make([]byte, 512)...) }, "bytes follow the tar's end"},
		"a second tar":          {func(b []byte) []byte { return append(b, b...) }, "bytes follow the tar's end"},
		"half an end and more":  {func(b []byte) []byte { return append(b[:len(b)-512], b...) }, "a block follows"},
		"nothing":               {func([]byte) []byte { return nil }, "cut short"},
	} {
		_, err := read(zip(t, c.change(unzip(t, write(t, some...)))))
		refused(t, name, err, c.reason)
	}
}

// sum makes the first header's checksum right.
func sum(b []byte) []byte {
	copy(b[148:156], "        ")
	n := 0
	for _, c := range b[:512] {
		n += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", n))
	return b
}

func TestGzipsRefused(t *testing.T) {
	text := write(t, some...)
	for name, c := range map[string]struct {
		text   []byte
		reason string
	}{
		"nothing":         {nil, "cut short"},
		"no gzip":         {unzip(t, text), "header of a gzip file"},
		"a byte after":    {append(bytes.Clone(text), 0), "bytes follow the gzip member's end"},
		"a second member": {append(bytes.Clone(text), text...), "bytes follow the gzip member's end"},
		"its checksum":    {flip(text, len(text)-8), "checksum"},
		"its length":      {flip(text, len(text)-1), "checksum"},
		"a time":          {flip(text, 4), "without name, time"},
		"a flag":          {flip(text, 3), "without name, time"},
		"a system":        {flip(text, 9), "without name, time"},
		"a name":          {named(t, unzip(t, text)), "without name, time"},
	} {
		_, err := read(c.text)
		refused(t, name, err, c.reason)
	}
	for n := range text {
		if _, err := read(text[:n]); !errors.Is(err, archive.ErrArchive) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(text), err)
		}
	}
}

func flip(text []byte, at int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1
	return text
}

func named(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = "a.tar"
	_, err := w.Write(raw)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// A flip of any one bit is refused, or gives the same files: XFL has two that mean nothing.
func TestFlips(t *testing.T) {
	text := write(t, some...)
	for at := range text {
		if got, err := read(flip(text, at)); err == nil && fmt.Sprint(got) != fmt.Sprint(some) {
			t.Errorf("byte %d: other files are read", at)
		}
	}
}

// tally counts what is asked of it.
type tally struct {
	r io.Reader
	n int
}

func (c *tally) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestManyFilesAreRefusedAtTheCap(t *testing.T) {
	var b bytes.Buffer
	w := archive.NewWriter(&b, archive.Limits{Files: 100_000, File: 1, Total: 1, Ratio: 1000})
	for i := range 100_000 {
		must(t, w.Add(archive.Entry{Name: fmt.Sprint(i)}, strings.NewReader("")))
	}
	must(t, w.Close())
	in, seen := &tally{r: &b}, 0
	all := b.Len()
	err := archive.Read(in, limits, func(archive.Entry, io.Reader) error { seen++; return nil })
	refused(t, "many", err, "more than 10 files")
	if seen != 10 || in.n > all/20 {
		t.Errorf("%d files, %d of %d bytes were read before it was refused", seen, in.n, all)
	}
}

func TestTotal(t *testing.T) {
	var b bytes.Buffer
	w := archive.NewWriter(&b, archive.Limits{Files: 3, File: 1 << 20, Total: 3 << 20, Ratio: 10_000})
	for _, name := range []string{"a", "b", "c"} {
		must(t, w.Add(archive.Entry{Name: name, Size: 1 << 20}, io.LimitReader(zeros{}, 1<<20)))
	}
	must(t, w.Close())
	_, err := read(b.Bytes())
	refused(t, "total", err, `entry "c": with it the files have more than 2097152 bytes`)
}

func TestBombIsRefusedEarly(t *testing.T) {
	var b bytes.Buffer
	wide := archive.Limits{Files: 1, File: 1 << 30, Total: 1 << 30, Ratio: 10_000}
	w := archive.NewWriter(&b, wide)
	must(t, w.Add(archive.Entry{Name: "zeros", Size: 128 << 20}, io.LimitReader(zeros{}, 128<<20)))
	must(t, w.Close())
	wide.Ratio = 100
	n := int64(0)
	err := archive.Read(&b, wide, func(_ archive.Entry, r io.Reader) error {
		var err error
		n, err = io.Copy(io.Discard, r)
		return err
	})
	refused(t, "bomb", err, "bomb")
	if n > 32<<20 {
		t.Errorf("%d bytes came of it first", n)
	}
}
