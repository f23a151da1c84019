package audit

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
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
		"a folder":         {Typeflag: tar.TypeDir, Name: "a/"},
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
	if _, err := zip.Write(append(content, "more"...)); errors.Join(err, zip.Close()) != nil {
		t.Fatal(err)
	}
	refuse("something after the end", longer.Bytes())
}
