package document_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/internal/vectors"
	"stellad/sbom/document"
)

type vector struct {
	File      string
	Kind      string
	Version   string
	Expect    string
	Class     string
	Why       string
	Ambiguous bool
}

func readFile(t testing.TB, path string) (*document.Document, error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return document.Read(file)
}

// What upstream publishes is taken where it is valid, as what it is, and
// refused otherwise, for the reason that is known.
func TestVectors(t *testing.T) {
	dir := vectors.Dir(t, "sbom")
	var rows []vector
	vectors.Manifest(t, dir, &rows)
	for _, row := range rows {
		doc, err := readFile(t, filepath.Join(dir, row.File))
		t.Logf("%s: %v", row.File, err)
		if row.Ambiguous {
			continue
		}
		if row.Expect == "accept" {
			if err != nil {
				t.Errorf("%s (%s): refused: %v", row.File, row.Why, err)
			} else if got := kind(doc); got != row.Kind+" "+strings.TrimPrefix(row.Version, "SPDX-") {
				t.Errorf("%s: taken for %s", row.File, got)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s (%s): taken", row.File, row.Why)
		} else if want := refusals[row.Class]; !oneOf(err, want) {
			t.Errorf("%s (%s, %s): %v", row.File, row.Class, row.Why, err)
		} else if row.Class == "version" && row.Version != "" && !strings.Contains(err.Error(), strings.TrimPrefix(row.Version, "SPDX-")) {
			t.Errorf("%s: it does not name version %s: %v", row.File, row.Version, err)
		}
	}
}

var refusals = map[string][]error{
	"version":  {document.ErrVersion},
	"schema":   {document.ErrInvalid},
	"syntax":   {document.ErrInvalid, document.ErrForm},
	"format":   {document.ErrForm},
	"encoding": {document.ErrForm, document.ErrInvalid},
}

func oneOf(err error, kinds []error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func kind(d *document.Document) string {
	encoding := map[document.Encoding]string{document.JSON: "json", document.XML: "xml", document.TagValue: "tagvalue"}[d.Encoding]
	return strings.ToLower(string(d.Format)) + "-" + encoding + " " + d.Version
}
