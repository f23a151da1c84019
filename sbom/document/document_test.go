package document_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"stellad/sbom/document"
)

// own are this package's documents, one of each form and version.
var own = []string{
	"cyclonedx-1.4.json", "cyclonedx-1.5.json", "cyclonedx-1.6.json", "cyclonedx-1.4.xml", "cyclonedx-1.5.xml", "cyclonedx-1.6.xml",
	"spdx-2.3.json", "spdx-2.3.spdx",
}

func text(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var hash = document.Hash{Algorithm: "SHA-256", Value: strings.Repeat("a", 64)}

// want is what the document of a name says.
func want(name string) *document.Document {
	base := strings.TrimSuffix(strings.TrimPrefix(name, "cyclonedx-"), filepath.Ext(name))
	d := &document.Document{
		Format: document.CycloneDX, Version: base, Name: "app", ID: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
		Created: "2026-01-02T03:04:05Z", Tools: []document.Tool{{Name: "maker", Version: "2.1"}, {Name: "scanner"}}, Components: 3,
		Subjects: []document.Subject{{ID: "app", Name: "app", Version: "1.0", PURL: "pkg:generic/app@1.0", Hashes: []document.Hash{hash}}},
	}
	if base == "1.4" {
		d.Tools = d.Tools[:1]
	}
	switch filepath.Ext(name) {
	case ".json":
		d.Encoding, d.MediaType = document.JSON, "application/vnd.cyclonedx+json; version="+base
		d.Signatures = []document.Signature{
			{Kind: document.JSF, Where: "/components/0/components/0/signature", Algorithm: "ES256", KeyID: "inner-key"},
			{Kind: document.JSF, Where: "/components/1/signature/signers/0", Algorithm: "Ed25519", EmbeddedKey: true},
			{Kind: document.JSF, Where: "/components/1/signature/signers/1", Algorithm: "RS512", Certificates: true},
			{Kind: document.JSF, Where: "/services/0/signature/chain/0", Algorithm: "ES384"},
			{Kind: document.JSF, Where: "/signature", Algorithm: "PS256", KeyID: "root-key"},
		}
	case ".xml":
		d.Encoding, d.MediaType = document.XML, "application/vnd.cyclonedx+xml; version="+base
		const algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
		d.Signatures = []document.Signature{
			{Kind: document.XMLDSig, Where: "/bom[1]/components[1]/component[2]/Signature[1]", Algorithm: algorithm, KeyID: "inner-key"},
			{Kind: document.XMLDSig, Where: "/bom[1]/Signature[1]", Algorithm: algorithm, EmbeddedKey: true, Certificates: true},
		}
	}
	d.SignatureCount = len(d.Signatures)
	return d
}

func wantSPDX(name string) *document.Document {
	d := &document.Document{
		Format: document.SPDX, Version: "2.3", Encoding: document.JSON, MediaType: "application/spdx+json", Name: "app-sbom",
		ID: "https://example.org/spdx/app-1.0", Created: "2026-01-02T03:04:05Z",
		Tools: []document.Tool{{Name: "maker", Version: "2.1"}, {Name: "maker"}}, Components: 2,
		Subjects: []document.Subject{
			{ID: "SPDXRef-App", Name: "app", Version: "1.0", PURL: "pkg:generic/app@1.0", Hashes: []document.Hash{{Algorithm: "SHA256", Value: hash.Value}}},
			{ID: "SPDXRef-File", Name: "./bin/app", Hashes: []document.Hash{{Algorithm: "SHA1", Value: hash.Value[:40]}}},
			{ID: "DocumentRef-other:SPDXRef-Elsewhere"},
		},
	}
	if filepath.Ext(name) == ".spdx" {
		d.Encoding, d.MediaType = document.TagValue, "text/spdx"
	}
	return d
}

func TestAnswer(t *testing.T) {
	for _, name := range own {
		wanted := want(name)
		if strings.HasPrefix(name, "spdx") {
			wanted = wantSPDX(name)
		}
		got, err := document.Read(iotest.OneByteReader(strings.NewReader(text(t, name))))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A document that was cut anywhere is refused, but for what stands after its
// end: a line's end.
func TestCut(t *testing.T) {
	for _, name := range own {
		if filepath.Ext(name) == ".spdx" {
			continue // it has no end mark: see TestCutTagValue
		}
		whole := bytes.TrimSpace([]byte(text(t, name)))
		for at := range whole {
			if _, err := document.Read(bytes.NewReader(whole[:at])); !oneOf(err, []error{document.ErrInvalid, document.ErrForm}) {
				t.Fatalf("%s, cut at byte %d: %v", name, at, err)
			}
		}
	}
}

// Of tag-value, a cut within a long text, or before what a section must have,
// is refused; the form lets nobody see others.
func TestCutTagValue(t *testing.T) {
	whole := text(t, "spdx-2.3.spdx")
	for _, after := range []string{
		"SPDXVersion: SPDX-2.3\n", "DocumentName: app-sbom\n", "made\n", "PackageName: app\n", "SPDXID: SPDXRef-App\n",
		"AnnotationType: OTHER\n", "FileType: BINARY\n", "SnippetFromFileSPDXID: SPDXRef-File\n", "LicenseID: LicenseRef-1\n", "Do as",
	} {
		_, rest, ok := strings.Cut(whole, after)
		if !ok {
			t.Fatalf("no %q", after)
		}
		if _, err := document.Read(strings.NewReader(whole[:len(whole)-len(rest)])); !oneOf(err, []error{document.ErrInvalid}) {
			t.Errorf("cut after %q: %v", after, err)
		}
	}
}

// What the reader says is given as it is: it is no word on the document.
func TestReaderFails(t *testing.T) {
	for _, name := range own {
		whole := text(t, name)
		broken := &failing{strings.NewReader(whole[:len(whole)/2])}
		if _, err := document.Read(broken); err == nil || oneOf(err, []error{document.ErrForm, document.ErrInvalid, document.ErrVersion}) || !strings.Contains(err.Error(), iotest.ErrTimeout.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ r *strings.Reader }

func (f *failing) Read(p []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, iotest.ErrTimeout
	}
	return f.r.Read(p)
}
