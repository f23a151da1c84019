package document_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"stellad/sbom/document"
)

// FuzzRead: whatever comes, it is an SBOM or refused as one of three, and the same however it comes.
func FuzzRead(f *testing.F) {
	for _, name := range own {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Add([]byte("SPDXVersion: SPDX-2.3\n"))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := document.Read(bytes.NewReader(text))
		if err != nil && !errors.Is(err, document.ErrForm) && !errors.Is(err, document.ErrVersion) && !errors.Is(err, document.ErrInvalid) || (err == nil) != (d != nil) {
			t.Errorf("%+v %v", d, err)
		}
		if _, again := document.Read(iotest.HalfReader(bytes.NewReader(text))); (again == nil) != (err == nil) {
			t.Errorf("%v, and %v", err, again)
		}
	})
}
