package ocilayout

import (
	"bytes"
	"compress/gzip"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// whole returns a layout of one image.
func whole() *layout {
	l := newLayout()
	d := l.image("a")
	return l.root(indexOf(d))
}

// plus makes a layout with more entries after its own.
func plus(members ...member) func() []byte {
	return func() []byte {
		l := whole()
		l.members = append(l.members, members...)
		return l.tar()
	}
}

func TestEntries(t *testing.T) {
	long := strings.Repeat("d/", maxPath/2) + "x"
	for _, r := range []refusal{
		{"symbolic link", ErrNotLayout, "'2'", plus(member{path: "x", flag: symbolicLink})},
		{"hard link", ErrNotLayout, "'1'", plus(member{path: "x", flag: '1'})},
		{"character device", ErrNotLayout, "'3'", plus(member{path: "x", flag: '3'})},
		{"block device", ErrNotLayout, "'4'", plus(member{path: "x", flag: '4'})},
		{"pipe", ErrNotLayout, "'6'", plus(member{path: "x", flag: '6'})},
		{"contiguous file", ErrNotLayout, "'7'", plus(member{path: "x", flag: '7', content: "c"})},
		{"unknown type", ErrNotLayout, "'Z'", plus(member{path: "x", flag: 'Z', content: "c"})},
		{"GNU volume", ErrNotLayout, "'V'", plus(member{path: "x", flag: 'V'})},
		{"global header", ErrNotLayout, "'g'", plus(member{path: "g", flag: 'g', content: pax("comment", "c").content})},
		{"global header with a path", ErrNotLayout, "'g'", plus(member{path: "g", flag: 'g', content: pax("path", "g").content})},
		{"a link for a blob", ErrNotLayout, "'2'", plus(member{path: blobPath("linked"), flag: symbolicLink})},

		{"a path twice", ErrNotLayout, "twice", plus(member{path: "x"}, member{path: "x"})},
		{"a path twice, once with a dot", ErrNotLayout, "twice", plus(member{path: "./index.json", content: "{}"})},
		{"a path twice, once in capitals", ErrNotLayout, "twice", plus(member{path: "INDEX.json", content: "{}"})},
		{"a path twice, once long", ErrNotLayout, "twice", plus(pax("path", "index.json"), member{path: "x"})},
		{"a file and a directory", ErrNotLayout, "twice", plus(member{path: "index.json/", flag: directory})},
		{"a blob twice", ErrNotLayout, "twice", plus(member{path: blobPath("layer of a"), content: "layer of a"})},

		{"absolute", ErrNotLayout, "plain path", plus(member{path: "/x"})},
		{"above", ErrNotLayout, "plain path", plus(member{path: "../x"})},
		{"above inside", ErrNotLayout, "plain path", plus(member{path: "blobs/../x"})},
		{"a slash twice", ErrNotLayout, "plain path", plus(member{path: "blobs//x"})},
		{"a dot inside", ErrNotLayout, "plain path", plus(member{path: "blobs/./x"})},
		{"a dot twice", ErrNotLayout, "plain path", plus(member{path: "././x"})},
		{"a dot and a slash twice", ErrNotLayout, "plain path", plus(member{path: ".//x"})},
		{"a slash after a file", ErrNotLayout, "plain path", plus(member{path: "x/"})},
		{"two slashes after a directory", ErrNotLayout, "plain path", plus(member{path: "x//", flag: directory})},
		{"the root as a file", ErrNotLayout, "plain path", plus(member{path: "."})},
		{"no path", ErrNotLayout, "plain path", plus(member{})},
		{"a backslash", ErrNotLayout, "plain path", plus(member{path: `blobs\x`})},
		{"a drive's path above", ErrNotLayout, "plain path", plus(member{path: `..\x`})},
		{"not UTF-8", ErrNotLayout, "plain path", plus(member{path: "x\xff"})},
		{"NUL in a path", ErrNotLayout, "", plus(pax("path", "x\x00y"), member{path: "x"})},
		{"a long path", ErrNotLayout, "path of", plus(pax("path", long), member{path: "x"})},
		{"a very long path", ErrNotLayout, "path of", plus(pax("path", strings.Repeat(long, 1000)), member{path: "x"})},

		{"two paths", ErrNotLayout, "also called", plus(pax("path", "a"), member{path: "l", flag: 'L', content: "b\x00"}, member{path: "x"})},
		{"a directory with content", ErrNotLayout, "directory of", plus(member{path: "x/", flag: directory, content: string(header(member{path: "y", flag: regularFile}))})},
		{"a damaged header", ErrNotLayout, "damaged", func() []byte {
			return bytes.Replace(whole().tar(), []byte("index.json"), []byte("index.jsoN"), 1)
		}},
		{"a header of no format", ErrNotLayout, "damaged", func() []byte {
			tar := whole().tar()
			tar[len(tar)-2*block] = 'x'
			return tar
		}},
	} {
		r.run(t)
	}
}

func TestSparseFiles(t *testing.T) {
	sparse := func(records ...string) func() []byte {
		return plus(pax(records...), member{path: "x", content: "content"})
	}
	for _, r := range []refusal{
		{"GNU", ErrNotLayout, "'S'", func() []byte {
			h := header(member{path: "x", flag: 'S'})
			copy(h[257:], "ustar  \x00")
			copy(h[483:], "\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00") // 4 GiB of nothing
			seal(h)
			return slices.Concat(entriesOf(whole().all()...), h, make([]byte, 2*block))
		}},
		{"PAX 0.1", ErrNotLayout, "GNU.sparse", sparse("GNU.sparse.map", "0,7", "GNU.sparse.numblocks", "1", "GNU.sparse.size", "100")},
		{"PAX 0.1 with a name", ErrNotLayout, "GNU.sparse", sparse("GNU.sparse.map", "0,7", "GNU.sparse.numblocks", "1", "GNU.sparse.size", "100", "GNU.sparse.name", "y")},
		{"PAX 1.0", ErrNotLayout, "", sparse("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "100", "GNU.sparse.name", "y")},
		{"PAX 2.0, which archive/tar ignores", ErrNotLayout, "GNU.sparse", sparse("GNU.sparse.major", "2", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "100")},
		{"star", ErrNotLayout, "SCHILY.realsize", sparse("SCHILY.realsize", "100")},
		{"Solaris", ErrNotLayout, "SUN.holesdata", sparse("SUN.holesdata", " 0 100")},
		{"unknown", ErrNotLayout, "x.y", sparse("x.y", "z")},
		{"a record with no value", ErrNotLayout, "GNU.sparse", sparse("GNU.sparse.size", "")},
		{"a broken record", ErrNotLayout, "damaged", plus(member{path: "p", flag: 'x', content: "99 path=x\n"}, member{path: "x"})},
	} {
		r.run(t)
	}
}

func TestDeclaredSizes(t *testing.T) {
	for name, size := range map[string]int64{
		"one more": 1025, "a gigabyte": 1 << 30, "as much as there is": math.MaxInt64, "past the end": math.MaxInt64 - 1024, "negative": -1, "very negative": math.MinInt64,
	} {
		for _, path := range []string{"x", "oci-layout", "index.json", blobPath("")} {
			refusal{name + "/" + path, ErrNotLayout, "", func() []byte {
				return append(entriesOf(whole().all()...), entriesOf(member{path: path, size: size})...)
			}}.run(t)
			refusal{"first/" + name + "/" + path, ErrNotLayout, "", func() []byte {
				return tarOf(member{path: path, size: size})
			}}.run(t)
		}
	}
	refusal{"a size by PAX", ErrNotLayout, "cut off", plus(pax("size", "9223372036854775807"), member{path: "x"})}.run(t)
	refusal{"a negative size by PAX", ErrNotLayout, "damaged", plus(pax("size", "-1"), member{path: "x"})}.run(t)
	// The PAX size swallows the entry that the header's own size would show.
	refusal{"a size by PAX that hides a file", ErrNotLayout, "index.json", func() []byte {
		l := whole()
		return tarOf(append([]member{{path: "oci-layout", content: marker}, pax("size", "1024"), {path: "x"}}, l.all()[1:]...)...)
	}}.run(t)
}

func TestBlobNames(t *testing.T) {
	hex := strings.TrimPrefix(digest("c"), "sha256:")
	for path, words := range map[string]string{
		"blobs/sha512/" + hex + hex:                 "sha512",
		"blobs/x":                                   "blobs/x",
		"blobs/sha256":                              "blobs/sha256",
		"blobs/sha256/x":                            "sha256 digest",
		"blobs/sha256/" + hex[1:]:                   "sha256 digest",
		"blobs/sha256/" + hex + "0":                 "sha256 digest",
		"blobs/sha256/" + hex + "/" + hex:           "sha256 digest",
		"blobs/sha256/" + strings.ToUpper(hex):      "sha256 digest",
		"blobs/sha256/._" + hex:                     "sha256 digest",
		"./blobs/sha256/" + hex[:63] + "g":          "sha256 digest",
		"blobs/sha256/" + strings.Repeat(hex, 2):    "sha256 digest",
		"blobs/sha256/" + hex[:32] + "/" + hex[:31]: "sha256 digest",
	} {
		refusal{path, ErrNotLayout, words, plus(pax("path", path), member{path: "p", content: "c"})}.run(t)
	}
}

func TestEnds(t *testing.T) {
	l := whole()
	tar := l.tar()
	for n := range tar {
		if l, err := read(tar[:n:n]); !errors.Is(err, ErrNotLayout) {
			t.Fatalf("cut to %d of %d bytes: %v, %v", n, len(tar), l, err)
		}
	}
	entries := entriesOf(l.all()...)
	zeros := make([]byte, 2*block)
	join := func(parts ...[]byte) func() []byte {
		return func() []byte { return bytes.Join(parts, nil) }
	}
	for _, r := range []refusal{
		{"no end", ErrNotLayout, "cut off", join(entries)},
		{"half an end", ErrNotLayout, "cut off", join(entries, zeros[:block])},
		{"a byte after the end", ErrNotLayout, "follow", join(tar, []byte{1})},
		{"a byte far after the end", ErrNotLayout, "follow", join(tar, make([]byte, 1<<20), []byte{1})},
		{"two tars", ErrNotLayout, "follow", join(tar, tar)},
		{"one block of zeros, then entries", ErrNotLayout, "damaged", join(entries, zeros[:block], tar)},
		{"an extended header for nothing", ErrNotLayout, "follow", join(entries, entriesOf(pax("path", "x")), zeros)},
	} {
		r.run(t)
	}
}

func TestOtherFiles(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write(whole().tar())
	_ = w.Close()
	dockerArchive := []member{{path: "manifest.json", content: "[]"}, {path: "repositories", content: "{}"}}
	bytesOf := func(b []byte) func() []byte { return func() []byte { return b } }
	entries := func(m ...member) func() []byte { return bytesOf(tarOf(m...)) }
	index := member{path: "index.json", content: text(indexOf())}
	version := func(marker string) func() []byte {
		return entries(member{path: "oci-layout", content: marker}, index)
	}
	for _, r := range []refusal{
		{"gzip", ErrNotLayout, "decompress it first", bytesOf(gz.Bytes())},
		{"gzip of two bytes", ErrNotLayout, "decompress it first", bytesOf([]byte{0x1f, 0x8b})},
		{"text", ErrNotLayout, "no tar", bytesOf([]byte("hello"))},
		{"long text", ErrNotLayout, "no tar", bytesOf(bytes.Repeat([]byte("hello"), 1000))},
		{"nothing", ErrNotLayout, "cut off", bytesOf(nil)},
		{"an empty tar", ErrNotLayout, "no file oci-layout", entries()},
		{"docker-archive", ErrNotLayout, "skopeo copy docker-archive:", entries(dockerArchive...)},
		{"docker-archive with links", ErrNotLayout, "skopeo copy docker-archive:", entries(append([]member{{path: "a/layer.tar", flag: symbolicLink}}, dockerArchive...)...)},
		{"links, not a docker-archive", ErrNotLayout, "'2'", entries(member{path: "a", flag: symbolicLink})},
		{"a layout in a folder", ErrNotLayout, "at its root", entries(member{path: "d/oci-layout", content: marker}, member{path: "d/index.json", content: "{}"})},
		{"no oci-layout", ErrNotLayout, "no file oci-layout", entries(index)},
		{"oci-layout in capitals", ErrNotLayout, "no file oci-layout", entries(member{path: "OCI-LAYOUT", content: marker}, index)},
		{"oci-layout a directory", ErrNotLayout, "no file oci-layout", entries(member{path: "oci-layout", flag: directory}, index)},
		{"no index.json", ErrNotLayout, "no file index.json", entries(member{path: "oci-layout", content: marker})},
		{"index.json a directory", ErrNotLayout, "no file index.json", entries(member{path: "oci-layout", content: marker}, member{path: "index.json/", flag: directory})},
		{"version 1.1", ErrNotLayout, `"1.1.0"`, version(`{"imageLayoutVersion":"1.1.0"}`)},
		{"version 1.0", ErrNotLayout, `"1.0"`, version(`{"imageLayoutVersion":"1.0"}`)},
		{"version 1.0.", ErrNotLayout, `"1.0."`, version(`{"imageLayoutVersion":"1.0."}`)},
		{"version 1.0.0-rc1", ErrNotLayout, "1.0.0-rc1", version(`{"imageLayoutVersion":"1.0.0-rc1"}`)},
		{"version 11.0.0", ErrNotLayout, "11.0.0", version(`{"imageLayoutVersion":"11.0.0"}`)},
		{"version 10", ErrNotLayout, `"10"`, version(`{"imageLayoutVersion":"10"}`)},
		{"no version", ErrNotLayout, `""`, version(`{}`)},
		{"version twice", ErrNotLayout, "oci-layout", version(`{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}`)},
		{"version in another case", ErrNotLayout, "case", version(`{"imagelayoutversion":"1.0.0"}`)},
		{"version a number", ErrNotLayout, "oci-layout", version(`{"imageLayoutVersion":1}`)},
		{"version not JSON", ErrNotLayout, "oci-layout", version("1.0.0")},
		{"no JSON", ErrNotLayout, "oci-layout", version("")},
	} {
		r.run(t)
	}
}

// TestReader: a disk that fails is neither a damaged tar nor a tampered image.
func TestReader(t *testing.T) {
	tar := whole().tar()
	failed := errors.New("disk failed")
	for reads := 0; ; reads++ {
		left := reads
		l, err := Read(failing{tar, &left, failed}, int64(len(tar)))
		if err == nil && left >= 0 {
			break // it needs no more reads than that
		}
		if !errors.Is(err, failed) || errors.Is(err, ErrNotLayout) || errors.Is(err, ErrTampered) || l != nil {
			t.Fatalf("failing after %d reads: %v, %v", reads, l, err)
		}
		checkMessage(t, err)
	}
	for _, size := range []int64{-1, 0, 1, 1 << 40, math.MaxInt64, math.MinInt64} {
		if l, err := Read(bytes.NewReader(tar), size); !errors.Is(err, ErrNotLayout) {
			t.Errorf("size %d of %d: %v, %v", size, len(tar), l, err)
		}
	}
	for n := range tar {
		if l, err := Read(bytes.NewReader(tar[:n]), int64(len(tar))); !errors.Is(err, ErrNotLayout) {
			t.Errorf("size %d of %d: %v, %v", len(tar), n, l, err)
		}
	}
	if _, err := Read(bytes.NewReader(append(tar, "and more"...)), int64(len(tar))); err != nil {
		t.Errorf("with bytes after size: %v", err)
	}
}

// failing reads tar as often as left says.
type failing struct {
	tar  []byte
	left *int
	err  error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if *f.left--; *f.left < 0 {
		return 0, f.err
	}
	return bytes.NewReader(f.tar).ReadAt(p, off)
}
