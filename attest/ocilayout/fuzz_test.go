package ocilayout

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzRead asks of any bytes: no panic, an error of a known kind and in one
// line, and no digest whose bytes are not in the tar. The bytes are tried as
// they come, and again with their headers' checksums made right, as an attacker
// would make them.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAny(t, data)
		checkAny(t, sealed(data))
	})
}

func checkAny(t *testing.T, data []byte) {
	l, err := read(data)
	if err != nil {
		if l != nil || errors.Is(err, ErrNotLayout) == errors.Is(err, ErrTampered) {
			t.Fatalf("%v, %v", l, err)
		}
		checkMessage(t, err)
		return
	}
	there := hashes(t, data)
	for _, i := range l.Images {
		if !there[i.Digest] {
			t.Errorf("accepted %+v, whose bytes are not in the tar", i)
		}
	}
	again, err := read(data)
	if err != nil || !slices.Equal(l.Images, again.Images) {
		t.Errorf("a second reading gave %v, %v", again, err)
	}
}

// hashes returns the digest of each file in a tar, found without this package.
func hashes(t *testing.T, data []byte) map[string]bool {
	there := make(map[string]bool)
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return there
		}
		if err != nil {
			t.Fatalf("accepted a tar with: %v", err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		there["sha256:"+sum] = true
		if name, blob := strings.CutPrefix(strings.TrimPrefix(h.Name, "./"), "blobs/sha256/"); blob && h.Typeflag == tar.TypeReg && name != sum {
			t.Errorf("accepted the blob %q, which hashes to %s", h.Name, sum)
		}
	}
}

func sealed(data []byte) []byte {
	data = slices.Clone(data)
	for h := range slices.Chunk(data, block) {
		if len(h) == block && string(h[257:262]) == "ustar" {
			seal(h)
		}
	}
	return data
}

var update = flag.Bool("update", false, "write the seeds of FuzzRead")

// TestSeeds keeps testdata/fuzz/FuzzRead as seeds makes it.
func TestSeeds(t *testing.T) {
	for name, data := range seeds() {
		path := filepath.Join("testdata", "fuzz", "FuzzRead", name)
		want := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", data)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not fresh (%v): run go test -run TestSeeds -update", path, err)
		}
	}
}

// seeds are layouts, and near ones, that the fuzzer starts from. None is larger
// than it needs to be: most have no image, since index.json alone is a layout.
func seeds() map[string][]byte {
	top := func(index any, more ...member) []byte {
		l := newLayout().root(index)
		l.members = more
		return l.tar()
	}
	empty := indexOf()
	file := member{path: "x", content: "x"}
	nested := newLayout()
	inner := nested.blob(ociIndex, text(indexOf()))
	nested.root(indexOf(ref(inner, "v1")))
	list := newLayout()
	list.root(indexOf(list.blob(dockerList, text(with(indexOf(), "mediaType", dockerList)))))
	artifact := newLayout()
	config := with(artifact.blob("application/vnd.oci.empty.v1+json", "{}"), "data", "e30=")
	artifact.root(indexOf(platform(artifact.blob(ociManifest, text(object{"schemaVersion": 2, "config": config, "layers": []any{config}})), "linux", "amd64")))
	return map[string][]byte{
		"empty":            nil,
		"no-entries":       tarOf(),
		"gzip":             {0x1f, 0x8b, 8},
		"no-images":        top(empty),
		"cut":              top(empty)[:3*block],
		"no-end":           entriesOf(newLayout().root(empty).all()...),
		"after-end":        append(top(empty), 1),
		"image":            whole().tar(),
		"nested":           nested.tar(),
		"docker-list":      list.tar(),
		"artifact":         artifact.tar(),
		"missing":          top(indexOf(describe(ociManifest, "x"))),
		"foreign":          top(indexOf(with(describe(ociManifest, "x"), "urls", []string{"https://example.com"}))),
		"other-type":       top(indexOf(describe("text/plain", "x"))),
		"sha512":           top(indexOf(object{"mediaType": ociManifest, "digest": "sha512:" + strings.Repeat("a", 128)})),
		"unreferenced":     top(empty, member{path: blobPath("x"), content: "x"}),
		"tampered":         top(empty, member{path: blobPath("x"), content: "y"}),
		"name-twice":       top(`{"schemaVersion":2,"manifests":[],"manifests":[]}`),
		"other-case":       top(`{"schemaVersion":2,"manifests":[],"Manifests":[]}`),
		"bad-utf8":         top("{\"schemaVersion\":2,\"manifests\":[],\"\xff\":0}"),
		"pax":              top(empty, pax("path", "y", "mtime", "1.5"), file),
		"pax-size":         top(empty, pax("size", "513"), file),
		"pax-sparse":       top(empty, pax("GNU.sparse.map", "0,1", "GNU.sparse.numblocks", "1", "GNU.sparse.size", "9"), file),
		"gnu-long":         top(empty, member{path: "././@LongLink", flag: 'L', content: "y\x00"}, file),
		"global":           top(empty, member{path: "g", flag: 'g', content: pax("path", "y").content}, file),
		"link":             top(empty, member{path: "x", flag: symbolicLink}),
		"directory":        top(empty, member{path: "blobs/", flag: directory}),
		"huge":             top(empty, member{path: "x", size: 1 << 62}),
		"above":            top(empty, member{path: "../x"}),
		"path-twice":       top(empty, file, file),
		"docker-archive":   tarOf(member{path: "manifest.json", content: "[]"}),
		"version":          tarOf(member{path: "oci-layout", content: `{"imageLayoutVersion":"2.0.0"}`}),
		"dotted-directory": tarOf(member{path: "./", flag: directory}, member{path: "./oci-layout", content: marker}),
	}
}
