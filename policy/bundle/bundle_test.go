package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An entry of an archive; a plain file where nothing else is said.
func plain(name, text string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(text))}, text}
}

type entry struct {
	tar.Header
	text string
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		must(t, w.WriteHeader(&e.Header))
		_, err := w.Write([]byte(e.text))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zip(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	must(t, errors.Join(err, z.Close()))
	return b.Bytes()
}

var small = []entry{plain("/.manifest", `{"revision":"1"}`), plain("./stella/p.rego", "package stella"), plain("data.json", "{}"), plain("/.signatures.json", "{}"), plain("x/..y/.z", "")}

// TestNames: names are read as OPA and tar write them, with a slash or a dot before them or not.
func TestNames(t *testing.T) {
	dir := entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "./stella/", Mode: 0o700}}
	f, err := Read(zip(t, archive(t, append([]entry{dir}, small...)...)))
	must(t, err)
	if got := strings.Join(f.Names(), " "); got != ".manifest .signatures.json data.json stella/p.rego x/..y/.z" {
		t.Error(got)
	}
	if string(f["stella/p.rego"]) != "package stella" || f["x/..y/.z"] == nil {
		t.Errorf("%q", f)
	}
	if f, err := Read(zip(t, append(archive(t, small...), make([]byte, 10240)...))); err != nil || len(f) != len(small) {
		t.Errorf("zeros after the end, as tar writes them: %v", err)
	}
}

func opa(t testing.TB, dir string, args ...string) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "build", "tools", "opa"))
	must(t, err)
	if _, err := os.Stat(program); err != nil {
		t.Fatal("no opa: make test builds it")
	}
	c := exec.Command(program, args...)
	c.Dir = dir
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("opa %q: %v\n%s", args, err, text)
	}
}

// TestStock: what the stock program packs is read, and it reads what is packed here.
func TestStock(t *testing.T) {
	dir := t.TempDir()
	long := "d/" + strings.Repeat("long/", 40) + "ä.rego"
	for name, text := range map[string]string{"d/stella/p.rego": "package stella\n\nx := 1\n", "d/stella/data.json": `{"a": 1}`, long: "package other\n\ny := 2\n"} {
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	opa(t, dir, "build", "-b", "d", "-o", "x.tar.gz")
	text, err := os.ReadFile(filepath.Join(dir, "x.tar.gz"))
	must(t, err)
	f, err := Read(text)
	must(t, err)
	if got := f.Names(); !slices.Equal(got, []string{".manifest", long, "d/stella/p.rego", "data.json"}) {
		t.Errorf("%q", got)
	}
	packed, err := Pack(f)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "y.tar.gz"), packed, 0o600))
	opa(t, dir, "eval", "--fail", "-b", "y.tar.gz", "data.stella.x == 1; data.other.y == 2; data.stella.a == 1")
}

// TestPack: whatever files there are come back, and their order is not in the bytes.
func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		f, again := Files{}, Files{}
		for n := range r.IntN(20) {
			f[fmt.Sprintf("%sf%d", strings.Repeat("d/", r.IntN(80)), n)] = slices.Repeat([]byte{byte(r.IntN(256))}, r.IntN(2000))
		}
		for _, name := range slices.Backward(f.Names()) {
			again[name] = f[name]
		}
		one, err := Pack(f)
		must(t, err)
		two, err := Pack(again)
		must(t, err)
		if !bytes.Equal(one, two) {
			t.Fatal("the same files, other bytes")
		}
		back, err := Read(one)
		must(t, err)
		if !maps.EqualFunc(back, f, bytes.Equal) {
			t.Fatalf("%q\n%q", back, f)
		}
	}
}

// TestPackRefuses: nothing is written that is not read.
func TestPackRefuses(t *testing.T) {
	noise := make([]byte, MaxSize)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(noise)
	for why, f := range map[string]Files{
		"outside":  {"../x": nil},
		"no name":  {"": nil},
		"a folder": {"x/": nil},
		"a NUL":    {"a\x00b": nil},
		"too big":  {"x": noise},
	} {
		if _, err := Pack(f); err == nil {
			t.Errorf("%s: packed", why)
		}
	}
}
