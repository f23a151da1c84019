package sealed_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"stellad/attest/sealed"
)

const predicateType = "tag:stella,2026:test/v1"

func manifest(t testing.TB) *sealed.Manifest {
	t.Helper()
	m, err := sealed.NewManifest(predicateType, []sealed.File{
		sealed.Of("b", "text", []byte("b")), sealed.Of("a/c", "text", []byte("c")), sealed.Of("a", "text", nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestManifest: sorted, in one form, and read back.
func TestManifest(t *testing.T) {
	m := manifest(t)
	read, err := sealed.ParseManifest(m.Marshal(), predicateType)
	if err != nil || !slices.Equal(read.Files, m.Files) || read.Root() != m.Root() || m.Files[0].Name != "a" || m.Files[2].Name != "b" {
		t.Errorf("%+v %v", read, err)
	}
	if f, ok := read.Find("a/c"); !ok || f.SHA256 != sealed.Sum([]byte("c")) {
		t.Errorf("%+v", f)
	}
	if _, ok := read.Find("c"); ok {
		t.Error("c is found")
	}
	other := manifest(t)
	other.Files[1].SHA256 = sealed.Sum([]byte("d"))
	if other.Root() == m.Root() {
		t.Error("the root does not commit to the files")
	}
}

func TestManifestRefuses(t *testing.T) {
	good := string(manifest(t).Marshal())
	lines := strings.SplitAfter(good, "\n")
	for name, text := range map[string]string{
		"nothing": "", "another type": strings.Replace(good, "test/v1", "test/v2", 1), "another version": strings.Replace(good, `"version":1`, `"version":2`, 1),
		"another count": strings.Replace(good, `"count":3`, `"count":2`, 1), "another root": strings.Replace(good, `"root":"`, `"root":"0`, 1),
		"a blank": strings.Replace(good, `"size":1`, `"size": 1`, 1), "another size": strings.Replace(good, `"size":1`, `"size":2`, 1),
		"a negative size": strings.Replace(good, `"size":1`, `"size":-1`, 1), "another name": strings.Replace(good, `"a/c"`, `"a/d"`, 1),
		"capitals": strings.Replace(good, sealed.Sum([]byte("b")), strings.ToUpper(sealed.Sum([]byte("b"))), 1), "a member more": strings.Replace(good, `"size":1`, `"size":1,"x":1`, 1),
		"a line less": lines[0] + lines[1] + lines[2] + lines[4], "a line twice": lines[0] + lines[1] + lines[1] + lines[2] + lines[3] + lines[4],
		"out of order": lines[0] + lines[2] + lines[1] + lines[3] + lines[4], "more behind": good + "x", "cut short": good[:len(good)-1], "a BOM": "\xef\xbb\xbf" + good,
		"carriage returns": strings.ReplaceAll(good, "\n", "\r\n"), "not UTF-8": strings.Replace(good, `"a/c"`, "\"a\xff\"", 1),
	} {
		if m, err := sealed.ParseManifest([]byte(text), predicateType); !errors.Is(err, sealed.ErrSealed) {
			t.Errorf("%s: %+v %v", name, m, err)
		}
	}
	for name, files := range map[string][]sealed.File{
		"twice": {sealed.Of("a", "", nil), sealed.Of("a", "", []byte("b"))}, "no digest": {{Name: "a"}}, "a short digest": {{Name: "a", SHA256: "00"}},
	} {
		if m, err := sealed.NewManifest(predicateType, files); !errors.Is(err, sealed.ErrSealed) {
			t.Errorf("%s: %+v %v", name, m, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	good := manifest(f).Marshal()
	for _, text := range [][]byte{good, good[:len(good)/2], bytes.ReplaceAll(good, []byte(","), nil), []byte(`{"version":1,"files":[` + "\n]}\n"), nil} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := sealed.ParseManifest(text, predicateType)
		if err == nil && !bytes.Equal(m.Marshal(), text) {
			t.Errorf("%q became %q", text, m.Marshal())
		}
	})
}
