package document_test

import (
	"bytes"
	"strings"
	"testing"

	"stellad/sbom/document"
)

// Whatever the bytes, there is a document or one of the three refusals, in one
// line; and the same again.
func FuzzRead(f *testing.F) {
	for _, name := range own {
		f.Add([]byte(text(f, name)))
	}
	f.Fuzz(func(t *testing.T, whole []byte) {
		doc, err := document.Read(bytes.NewReader(whole))
		if (doc == nil) != (err != nil) {
			t.Fatalf("%v %v", doc, err)
		}
		if err == nil {
			if doc.Format == "" || doc.Version == "" || doc.Encoding == "" || doc.MediaType == "" {
				t.Fatalf("taken, and not said for what: %+v", doc)
			}
			return
		}
		if !oneOf(err, []error{document.ErrForm, document.ErrVersion, document.ErrInvalid}) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Fatalf("not one line of a refusal: %q", err)
		}
		if _, again := document.Read(bytes.NewReader(whole)); again == nil || again.Error() != err.Error() {
			t.Fatalf("first %q, then %v", err, again)
		}
	})
}
