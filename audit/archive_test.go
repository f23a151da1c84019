package audit

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func pack(t *testing.T, m *memory) []byte {
	t.Helper()
	var b bytes.Buffer
	a := NewArchive(&b)
	if _, err := Export(a.Put, m, ExportOptions{Key: m.key.VerifierKey, Checkpoint: m.checkpoints[len(m.checkpoints)-1]}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestArchive packs, unpacks and verifies, and holds that packing is reproducible.
func TestArchive(t *testing.T) {
	m := newLog(t, 300)
	packed := pack(t, m)
	if !bytes.Equal(packed, pack(t, m)) {
		t.Error("two archives of one log differ")
	}
	dir := fstest.MapFS{}
	if err := Unpack(bytes.NewReader(packed), into(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); err != nil {
		t.Error(err)
	}
}

// TestRepacked: an export that was unpacked and packed by another tar is the same export.
func TestRepacked(t *testing.T) {
	m := newLog(t, 300)
	dir := t.TempDir()
	err := Unpack(bytes.NewReader(pack(t, m)), func(name string, _ int64, content io.Reader) error {
		text, err := io.ReadAll(content)
		path := filepath.Join(dir, filepath.FromSlash(name))
		return errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"the folder": {"-czf", "-", "-C", dir, "."}, "small blocks": {"-cz", "-b", "1", "-f", "-", "-C", dir, "."},
		"pax": {"-cz", "--format=pax", "-f", "-", "-C", dir, "."},
	} {
		packed, err := exec.Command("tar", args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		again := fstest.MapFS{}
		if err := Unpack(bytes.NewReader(packed), into(again)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Verify(again, VerifyOptions{Key: m.key.VerifierKey}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoArchive cuts an archive short, flips its bits, and packs what leads elsewhere.
func TestNoArchive(t *testing.T) {
	packed := pack(t, newLog(t, 20))
	refuse := func(name string, packed []byte) {
		t.Helper()
		if err := Unpack(bytes.NewReader(packed), into(fstest.MapFS{})); !errors.Is(err, ErrExport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(packed); n += 97 {
		refuse("cut short", packed[:n])
		flipped := bytes.Clone(packed)
		if flipped[n] ^= 1; n > 10 { // past the header, of which gzip minds little
			refuse("a bit is flipped", flipped)
		}
	}
	for name, h := range map[string]*tar.Header{
		"a link":           {Typeflag: tar.TypeSymlink, Name: "records", Linkname: "/etc"},
		"a hard link":      {Typeflag: tar.TypeLink, Name: "a", Linkname: "/etc/passwd"},
		"a device":         {Typeflag: tar.TypeChar, Name: "a"},
		"a folder above":   {Typeflag: tar.TypeDir, Name: "../a/"},
		"a folder within":  {Typeflag: tar.TypeDir, Name: "./a/../../b/"},
		"an absolute one":  {Typeflag: tar.TypeDir, Name: "/"},
		"a name as ./..":   {Typeflag: tar.TypeReg, Name: "./../a"},
		"a second ./":      {Typeflag: tar.TypeReg, Name: "././a"},
		"an absolute name": {Typeflag: tar.TypeReg, Name: "/etc/passwd"},
		"a name above":     {Typeflag: tar.TypeReg, Name: "../a"},
		"a name within":    {Typeflag: tar.TypeReg, Name: "a/../../b"},
		"no name":          {Typeflag: tar.TypeReg, Name: "."},
	} {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		w := tar.NewWriter(zip)
		if err := errors.Join(w.WriteHeader(h), w.Close(), zip.Close()); err != nil {
			t.Fatal(err)
		}
		refuse(name, b.Bytes())
	}
	var longer bytes.Buffer
	zip := gzip.NewWriter(&longer)
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	for what, more := range map[string][]byte{"something": []byte("more"), "something behind zeros": []byte("\x00\x00more"), "too many zeros": make([]byte, maxPadding+1)} {
		longer.Reset()
		zip.Reset(&longer)
		if _, err := zip.Write(append(bytes.Clone(content), more...)); errors.Join(err, zip.Close()) != nil {
			t.Fatal(err)
		}
		refuse(what+" after the end", longer.Bytes())
	}
}
