package document_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"stellad/sbom/document"
)

// change is a document with one thing in it replaced.
type change struct {
	what, old, new string
	kind           error
	says           string // in the error
}

func inJSON() []change {
	return []change{
		{"another version", `"1.6"`, `"1.7"`, document.ErrVersion, "CycloneDX 1.7 is not read here: 1.4 to 1.6 are"},
		{"an older version", `"1.6"`, `"1.3"`, document.ErrVersion, "CycloneDX 1.3 is"},
		{"a version that is none", `"1.6"`, `"latest"`, document.ErrVersion, `"latest"`},
		{"a version that is a number", `"specVersion": "1.6"`, `"specVersion": 1.6`, document.ErrVersion, "no text"},
		{"no version", `"specVersion": "1.6",`, ``, document.ErrVersion, "says no version"},
		{"no format", `"bomFormat": "CycloneDX",`, ``, document.ErrInvalid, "bomFormat is missing"},
		{"another format", `"bomFormat": "CycloneDX"`, `"bomFormat": "SPDX"`, document.ErrInvalid, "at /bomFormat"},
		{"two versions", `"specVersion": "1.6"`, `"specVersion": "1.6","specVersion": "1.6"`, document.ErrInvalid, "duplicate"},
		{"two formats", `"specVersion": "1.6"`, `"specVersion": "1.6","spdxVersion": "SPDX-2.3"`, document.ErrInvalid, "CycloneDX and SPDX"},
		{"a name twice, deep", `"name": "inner"`, `"name": "inner", "name": "other"`, document.ErrInvalid, "duplicate"},
		{"a name twice, by an escape", `"name": "inner"`, `"name": "inner", "n\u0061me": "other"`, document.ErrInvalid, "duplicate"},
		{"a name twice but for its case", `"name": "inner"`, `"name": "inner", "Name": "other"`, document.ErrInvalid, "case alone"},
		{"a root's name twice but for its case", `"version": 1`, `"version": 1, "Version": 1`, document.ErrInvalid, "case alone"},
		{"a name folded by a Kelvin sign", `"keyId": "inner-key"`, `"keyId": "inner-key", "` + "\u212a" + `eyId": "other"`, document.ErrInvalid, "case alone"},
		{"a name that no schema has", `"version": 1`, `"version": 1, "extra": {"a": [1]}`, document.ErrInvalid, "extra"},
		{"a name in another case", `"dependencies"`, `"Dependencies"`, document.ErrInvalid, "Dependencies"},
		{"a wrong type", `"components": [`, `"components": {}, "services": [`, document.ErrInvalid, "line"},
		{"an array that is null", `"properties": [`, `"properties": null, "externalReferences": [`, document.ErrInvalid, "at /"},
		{"a component without a name", `"name": "inner",`, ``, document.ErrInvalid, "at /components/0/components/0: name is missing"},
		{"a licence that is none", `"id": "MIT"`, `"id": "MIT-9"`, document.ErrInvalid, "/licenses/0/license/id"},
		{"a hash of a wrong length", `"content": "aa`, `"content": "a`, document.ErrInvalid, "at /metadata/component/hashes/0/content"},
		{"a date that is none", `"2026-01-02T03:04:05Z"`, `"2026-02-30T03:04:05Z"`, document.ErrInvalid, "at /metadata/timestamp"},
		{"a serial number that is none", `urn:uuid:3e`, `urn:uuid:3`, document.ErrInvalid, "at /serialNumber"},
		{"a bom-ref twice", `"bom-ref": "a/inner"`, `"bom-ref": "app"`, document.ErrInvalid, `at /components/0/components/0/bom-ref: "app" stands twice`},
		{"an element twice", `{
   "ref": "a"
  }`, `{"ref": "a"}, {"ref":"\u0061"}`, document.ErrInvalid, "at /dependencies/2: it equals"},
		{"bytes after the end", "\n}\n", "\n}\nx", document.ErrInvalid, "line"},
		{"a second document", "\n}\n", "\n}\n{}", document.ErrInvalid, "after"},
		{"a comment", `"version": 1`, `"version": 1 /* no */`, document.ErrInvalid, "line 5"},
		{"a comma too many", `"version": 1,`, `"version": 1,,`, document.ErrInvalid, "line 5"},
		{"not UTF-8", `"a note"`, "\"\xff\"", document.ErrInvalid, "UTF-8"},
		{"half a surrogate", `"a note"`, `"\ud800"`, document.ErrInvalid, "line"},
		{"a byte order mark", "{\n \"bomFormat\"", "\xef\xbb\xbf{\n \"bomFormat\"", document.ErrForm, "byte order mark"},
		{"a number of many digits", `9.8`, strings.Repeat("9", 100), document.ErrInvalid, "a number of more than"},
		{"a number of a huge exponent", `9.8`, `1e-999999999`, document.ErrInvalid, "exponent"},
		{"depth", `"a note"`, strings.Repeat("[", 500) + strings.Repeat("]", 500), document.ErrInvalid, "deeper than 128"},
		{"depth where nothing is kept", `"version": 1`, `"version": 1, "x": ` + strings.Repeat(`{"a":`, 5000), document.ErrInvalid, "deeper than 128"},
		{"a value of many tokens", `"a note"`, "[" + strings.Repeat("0,", 600_000) + "0]", document.ErrInvalid, "tokens"},
		{"a value of many bytes", `"a note"`, `"` + strings.Repeat("x", 17<<20) + `"`, document.ErrInvalid, "more than 16 MiB"},
		{"a name of many bytes", `"version": 1`, `"version": 1, "` + strings.Repeat("x", 17<<20) + `":1`, document.ErrInvalid, "more than 16 MiB"},
	}
}

func inXML() []change {
	return []change{
		{"another version", `bom/1.6"`, `bom/1.7"`, document.ErrVersion, "CycloneDX 1.7 is not read here: 1.4 to 1.6 are"},
		{"no version", `bom/1.6"`, `bom/"`, document.ErrVersion, "says no version"},
		{"a version in another form", `bom/1.6"`, `bom/1.6/"`, document.ErrVersion, `"1.6/"`},
		{"another namespace", `http://cyclonedx.org/schema/bom/1.6"`, `urn:x"`, document.ErrForm, "no CycloneDX"},
		{"no namespace", ` xmlns="http://cyclonedx.org/schema/bom/1.6"`, ``, document.ErrForm, "no CycloneDX"},
		{"an element of another version", `<name>b</name>`, `<name xmlns="http://cyclonedx.org/schema/bom/1.5">b</name>`, document.ErrInvalid, "name"},
		{"a document type", `<!-- a comment -->`, `<!DOCTYPE bom>`, document.ErrInvalid, "document type"},
		{"a bomb", `<!-- a comment -->`, `<!DOCTYPE bom [<!ENTITY a "x">]>`, document.ErrInvalid, "document type"},
		{"an entity", `&amp;`, `&eacute;`, document.ErrInvalid, "entity"},
		{"an entity in an attribute", `alg="SHA-256"`, `alg="&x;"`, document.ErrInvalid, "entity"},
		{"a character that XML has not", `&amp;`, `&#0;`, document.ErrInvalid, "line"},
		{"a control character in a comment", `a comment`, "a \x01", document.ErrInvalid, "character"},
		{"a control character in an instruction", `<!-- a comment -->`, "<?a \x01?>", document.ErrInvalid, "character"},
		{"an instruction's name that goes on", `<?xml version`, "<?xmlversion", document.ErrInvalid, "no space"},
		{"two hyphens in a comment", `a comment`, "a -- b", document.ErrInvalid, "--"},
		{"an instruction with a colon", `<!-- a comment -->`, "<?a:b c?>", document.ErrInvalid, "colon"},
		{"a declaration within", `<components>`, "<components><?xml version='1.0'?>", document.ErrInvalid, "not the document's start"},
		{"a prefix bound to nothing", `<name>b</name>`, `<name xmlns:x="">b</name>`, document.ErrInvalid, "can't be declared"},
		{"another encoding", `UTF-8`, `ISO-8859-1`, document.ErrInvalid, "declared than UTF-8"},
		{"XML 1.1", `<?xml version="1.0"`, `<?xml version="1.1"`, document.ErrInvalid, "1.1"},
		{"a declaration that is not the start", `<?xml `, "\n<?xml ", document.ErrInvalid, "not the document's start"},
		{"not UTF-8", `<name>b</name>`, "<name>\xff</name>", document.ErrInvalid, "UTF-8"},
		{"a comment that is not UTF-8", `a comment`, "a \xff", document.ErrInvalid, "UTF-8"},
		{"text after the end", "</bom>\n", "</bom>\nx", document.ErrInvalid, "outside of the root"},
		{"CDATA after the end", "</bom>\n", "</bom><![CDATA[ ]]>", document.ErrInvalid, "outside of the root"},
		{"a reference after the end", "</bom>\n", "</bom>&#32;", document.ErrInvalid, "outside of the root"},
		{"a second root", "</bom>\n", "</bom><bom/>", document.ErrInvalid, "second root"},
		{"an end tag too many", "</bom>\n", "</bom></bom>", document.ErrInvalid, "no start"},
		{"an end tag of another", `<name>b</name>`, `<name>b</version>`, document.ErrInvalid, "end tag"},
		{"a prefix that is not declared", `<name>b</name>`, `<x:name>b</x:name>`, document.ErrInvalid, "not declared"},
		{"an attribute twice", `bom-ref="b"`, `bom-ref="b" bom-ref="c"`, document.ErrInvalid, "stands twice"},
		{"an attribute twice by two prefixes", `<component type="library" bom-ref="b"`, `<component xmlns:p="urn:x" xmlns:q="urn:x" p:a="" q:a="" type="library" bom-ref="b"`, document.ErrInvalid, "stands twice"},
		{"attributes without space", `type="library" bom-ref="b"`, `type="library"bom-ref="b"`, document.ErrInvalid, "without a space"},
		{"a bom-ref twice", `bom-ref="a/inner"`, `bom-ref="app"`, document.ErrInvalid, `the bom-ref "app" stands twice`},
		{"an element that is missing", `<name>b</name>`, ``, document.ErrInvalid, "it may be"},
		{"an element twice", `<name>b</name>`, `<name>b</name><name>b</name>`, document.ErrInvalid, "not expected here"},
		{"an order", `<name>a</name><version>1</version>`, `<version>1</version><name>a</name>`, document.ErrInvalid, "not expected here"},
		{"an attribute that is missing", `<component type="library" bom-ref="b">`, `<component bom-ref="b">`, document.ErrInvalid, "attribute type is missing"},
		{"an attribute that is not the schema's", `<hash alg`, `<hash extra="" alg`, document.ErrInvalid, `"extra" is not one of the schema's`},
		{"a value that is none of those", `alg="SHA-256"`, `alg="SHA-257"`, document.ErrInvalid, "component[1]/hashes[1]/hash[1]"},
		{"a value out of pattern", `urn:uuid:3e`, `urn:uuid:3`, document.ErrInvalid, "serialNumber"},
		{"a date that is none", `<timestamp>2026-01-02T`, `<timestamp>2026-02-30T`, document.ErrInvalid, "no dateTime"},
		{"text between elements", `<components>`, `<components>x`, document.ErrInvalid, "text stands between elements"},
		{"a type of its own", `<name>b</name>`, `<name xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">b</name>`, document.ErrInvalid, "xsi"},
		{"depth", `<!-- a comment -->`, `<!-- a comment -->` + strings.Repeat("<a>", 500), document.ErrForm, "no CycloneDX"},
		{"depth inside", `<name>b</name>`, `<name>b</name>` + strings.Repeat(`<a xmlns="urn:x">`, 500), document.ErrInvalid, "line"},
		{"many attributes", `bom-ref="b"`, `bom-ref="b"` + strings.Repeat(` xmlns:x="urn:x"`, 100), document.ErrInvalid, "more than 64 attributes"},
		{"a long tag", `bom-ref="b"`, `bom-ref="` + strings.Repeat("x", 70<<10) + `"`, document.ErrInvalid, "a tag of more than 64 KiB"},
		{"a long text", `<name>b</name>`, `<name>` + strings.Repeat("x", 17<<20) + `</name>`, document.ErrInvalid, "more than 16 MiB"},
		{"a long comment", `a comment`, strings.Repeat("x", 17<<20), document.ErrInvalid, "more than 16 MiB"},
		{"RDF", `<bom xmlns=`, `<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns=`, document.ErrForm, "RDF"},
		{"SPDX in XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"`, `<Document`, document.ErrForm, "SPDX in XML"},
	}
}

func inSPDX() []change {
	return []change{
		{"another version", `"SPDX-2.3"`, `"SPDX-2.2"`, document.ErrVersion, "SPDX 2.2 is not read here: SPDX-2.3 is"},
		{"a version without its name", `"SPDX-2.3"`, `"2.3"`, document.ErrVersion, `"2.3"`},
		{"no version", `"spdxVersion": "SPDX-2.3",`, ``, document.ErrVersion, "says no version"},
		{"an identifier twice", `"SPDXID": "SPDXRef-Lib"`, `"SPDXID": "SPDXRef-File"`, document.ErrInvalid, "at /packages/1/SPDXID"},
		{"the document's identifier twice", `"SPDXID": "SPDXRef-Lib"`, `"SPDXID": "SPDXRef-DOCUMENT"`, document.ErrInvalid, "stands twice"},
		{"another identifier of the document", `"SPDXRef-DOCUMENT",
 "spdx`, `"SPDXRef-Document",
 "spdx`, document.ErrInvalid, "is not SPDXRef-DOCUMENT"},
		{"an identifier that is none", `"SPDXID": "SPDXRef-Lib"`, `"SPDXID": "SPDXRef-a b"`, document.ErrInvalid, "no SPDXRef-"},
		{"a relationship that is none", `"DEPENDS_ON"`, `"NEEDS"`, document.ErrInvalid, "at /relationships/3/relationshipType"},
		{"a category that is none", `"SECURITY"`, `"SAFETY"`, document.ErrInvalid, "referenceCategory"},
		{"a file without checksums", `"checksums": [`, `"fileTypes": [], "x": [`, document.ErrInvalid, "at /files/0"},
		{"no namespace", `"documentNamespace": "https://example.org/spdx/app-1.0",`, ``, document.ErrInvalid, "documentNamespace is missing"},
		{"SPDX 3", `{
 "files"`, `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "files"`, document.ErrVersion, "SPDX 3.0.1"},
		{"a package that is null", `"packages": [`, `"packages": [null,`, document.ErrInvalid, "at /packages/0: it is null"},
	}
}

func inTagValue() []change {
	return []change{
		{"another version", `SPDXVersion: SPDX-2.3`, `SPDXVersion: SPDX-2.2`, document.ErrVersion, "SPDX 2.2 is not read here: SPDX-2.3 is"},
		{"a version without its name", `SPDXVersion: SPDX-2.3`, `SPDXVersion: 2.3`, document.ErrVersion, `"2.3"`},
		{"no version", "SPDXVersion: SPDX-2.3\n", "", document.ErrVersion, "says no version"},
		{"the version in a comment alone", "SPDXVersion: SPDX-2.3\n", "DocumentComment: SPDXVersion: SPDX-2.3\n", document.ErrVersion, "says no version"},
		{"a tag that is none", "DocumentName: ", "Title: ", document.ErrInvalid, "line 4: \"Title\" is no tag"},
		{"a tag in another case", "DocumentName: ", "documentName: ", document.ErrInvalid, "no tag"},
		{"a tag that is missing", "DocumentName: app-sbom\n", "", document.ErrInvalid, "has no DocumentName"},
		{"a tag twice", "DocumentName: app-sbom\n", "DocumentName: app-sbom\nDocumentName: b\n", document.ErrInvalid, "line 5, at DocumentName: it stands twice"},
		{"a line without a tag", "DocumentName: app-sbom\n", "DocumentName: app-sbom\nmore\n", document.ErrInvalid, "line 5"},
		{"another licence of the data", "DataLicense: CC0-1.0", "DataLicense: MIT", document.ErrInvalid, "DataLicense"},
		{"another identifier of the document", "SPDXID: SPDXRef-DOCUMENT", "SPDXID: SPDXRef-Doc", document.ErrInvalid, "SPDXRef-DOCUMENT"},
		{"a namespace with a fragment", "https://example.org/spdx/app-1.0", "https://example.org/#a", document.ErrInvalid, "DocumentNamespace"},
		{"a creator that is none", "Creator: Tool: maker-2.1", "Creator: maker", document.ErrInvalid, "Creator"},
		{"a date that is none", "Created: 2026-01-02T03:04:05Z", "Created: 2026-02-30T03:04:05Z", document.ErrInvalid, "Created"},
		{"a date with a zone", "Created: 2026-01-02T03:04:05Z", "Created: 2026-01-02T03:04:05+01:00", document.ErrInvalid, "Created"},
		{"a document's tag in a package", "PackageVersion: 1.0", "DocumentComment: x", document.ErrInvalid, "belongs to a document"},
		{"a file's tag in a package", "PackageVersion: 1.0", "FileType: BINARY", document.ErrInvalid, "belongs to a file"},
		{"a package without an identifier", "SPDXID: SPDXRef-Lib\n", "", document.ErrInvalid, "has no SPDXID"},
		{"a package without a place", "PackageDownloadLocation: NONE\n", "", document.ErrInvalid, "has no PackageDownloadLocation"},
		{"an identifier twice", "SPDXID: SPDXRef-Lib", "SPDXID: SPDXRef-File", document.ErrInvalid, "stands twice in the document"},
		{"an identifier that is none", "SPDXID: SPDXRef-Lib", "SPDXID: SPDXRef-a_b", document.ErrInvalid, "letters, digits"},
		{"a verification code without files", "FilesAnalyzed: false", "FilesAnalyzed: false\nPackageVerificationCode: " + strings.Repeat("a", 40), document.ErrInvalid, "not analyzed"},
		{"a file without SHA1", "FileChecksum: SHA1: " + strings.Repeat("a", 40), "FileChecksum: MD5: " + strings.Repeat("a", 32), document.ErrInvalid, "one SHA1"},
		{"a checksum of a wrong length", "PackageChecksum: SHA256: aa", "PackageChecksum: SHA256: a", document.ErrInvalid, "PackageChecksum"},
		{"an algorithm that is none", "PackageChecksum: SHA256", "PackageChecksum: SHA257", document.ErrInvalid, "no algorithm"},
		{"an expression that does not close", "(MIT OR Apache-2.0)", "(MIT OR Apache-2.0", document.ErrInvalid, "no licence expression"},
		{"an expression of two", "(MIT OR Apache-2.0)", "MIT Apache-2.0", document.ErrInvalid, "no licence expression"},
		{"an expression that ends early", "(MIT OR Apache-2.0)", "MIT OR", document.ErrInvalid, "no licence expression"},
		{"an expression of depth", "(MIT OR Apache-2.0)", strings.Repeat("(", 100) + "MIT" + strings.Repeat(")", 100), document.ErrInvalid, "no licence expression"},
		{"a text without an end", "in two lines</text>", "in two lines", document.ErrInvalid, "text>"},
		{"a text that goes on", "in two lines</text>", "in two lines</text> more", document.ErrInvalid, "more after"},
		{"a text in a text", "in two lines</text>", "in <text>two lines</text>", document.ErrInvalid, "within a text"},
		{"lines where one is expected", "PackageVersion: 1.0", "PackageVersion: <text>1\n0</text>", document.ErrInvalid, "one line"},
		{"a text within a value", "PackageVersion: 1.0", "PackageVersion: 1 <text>0</text>", document.ErrInvalid, "within a value"},
		{"a relationship that is none", "SPDXRef-App DEPENDS_ON", "SPDXRef-App NEEDS", document.ErrInvalid, "Relationship"},
		{"a relationship of one", "SPDXRef-App DEPENDS_ON SPDXRef-Lib", "SPDXRef-App DEPENDS_ON", document.ErrInvalid, "two identifiers"},
		{"a comment on nothing", "PackageVersion: 1.0", "RelationshipComment: x", document.ErrInvalid, "does not follow"},
		{"an annotation without a date", "AnnotationDate: 2026-01-02T03:04:05Z\n", "", document.ErrInvalid, "has no AnnotationDate"},
		{"an annotation in pieces", "AnnotationType: OTHER\n", "PackageVersion: 2\nAnnotationType: OTHER\n", document.ErrInvalid, "line"},
		{"an external reference in a file", "FileType: BINARY", "ExternalRef: OTHER a b", document.ErrInvalid, "can't stand in a file"},
		{"an external reference of two words", "ExternalRef: PACKAGE-MANAGER purl pkg:generic/app@1.0", "ExternalRef: PACKAGE-MANAGER purl", document.ErrInvalid, "ExternalRef"},
		{"a range that goes back", "SnippetByteRange: 1:9", "SnippetByteRange: 9:1", document.ErrInvalid, "no range"},
		{"a snippet of nothing", "SnippetFromFileSPDXID: SPDXRef-File\n", "", document.ErrInvalid, "has no SnippetFromFileSPDXID"},
		{"a licence without text", "ExtractedText: <text>Do as\nyou like.</text>\n", "", document.ErrInvalid, "has no ExtractedText"},
		{"a licence's identifier that is none", "LicenseID: LicenseRef-1", "LicenseID: MIT", document.ErrInvalid, "LicenseRef-"},
		{"not UTF-8", "a comment", "\xff", document.ErrInvalid, "UTF-8"},
		{"a NUL", "a comment", "\x00", document.ErrInvalid, "control character"},
		{"a byte order mark", "SPDXVersion", "\xef\xbb\xbfSPDXVersion", document.ErrForm, "byte order mark"},
		{"a long line", "PackageVersion: 1.0", "PackageVersion: " + strings.Repeat("x", 17<<20), document.ErrInvalid, "more than 16 MiB"},
		{"a long text", "in two lines</text>", strings.Repeat("x\n", 9<<20) + "</text>", document.ErrInvalid, "more than 16 MiB"},
	}
}

func TestRefused(t *testing.T) {
	for name, changes := range map[string][]change{
		"cyclonedx-1.6.json": inJSON(), "cyclonedx-1.6.xml": inXML(), "spdx-2.3.json": inSPDX(), "spdx-2.3.spdx": inTagValue(),
	} {
		whole := text(t, name)
		for _, c := range changes {
			if !strings.Contains(whole, c.old) {
				t.Errorf("%s: %s: there is no %q to change", name, c.what, c.old)
				continue
			}
			refuse(t, filepath.Base(name)+": "+c.what, strings.Replace(whole, c.old, c.new, 1), c.kind, c.says)
		}
	}
}

func refuse(t *testing.T, what, whole string, kind error, says string) {
	t.Helper()
	doc, err := document.Read(strings.NewReader(whole))
	switch {
	case err == nil || doc != nil:
		t.Errorf("%s: taken", what)
	case !errors.Is(err, kind):
		t.Errorf("%s: %v is not %v", what, err, kind)
	case !strings.Contains(err.Error(), says):
		t.Errorf("%s: %v does not say %q", what, err, says)
	case strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 700:
		t.Errorf("%s: not one short line: %q", what, err)
	}
}

// What is no SBOM that is read here is named, where its first bytes name it.
func TestForms(t *testing.T) {
	for _, c := range []struct{ what, text, says string }{
		{"nothing", "", "empty"},
		{"blanks", " \n", "empty"},
		{"ZIP", "PK\x03\x04rest", "XLSX"},
		{"gzip", "\x1f\x8b\x08", "gzip"},
		{"Zstandard", "\x28\xb5\x2f\xfd", "Zstandard"},
		{"UTF-16", "\xff\xfe{\x00", "UTF-16"},
		{"UTF-16 without a mark", "{\x00\"\x00", "UTF-16"},
		{"SPDX in YAML", "---\nspdxVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n", "SPDX in YAML"},
		{"SPDX in quoted YAML", "\"SPDXID\": \"SPDXRef-DOCUMENT\"\n\"spdxVersion\": \"SPDX-2.3\"\n", "SPDX in YAML"},
		{"CycloneDX in YAML", "bomFormat: CycloneDX\nspecVersion: '1.6'\n", "CycloneDX in YAML"},
		{"an array", "[{}]", "no SBOM"},
		{"a JSON text", `"x"`, "no SBOM"},
		{"an empty object", "{}", "no SBOM"},
		{"another JSON", `{"_type":"https://in-toto.io/Statement/v1","subject":[]}`, "no SBOM"},
		{"HTML", "<html><body>404</body></html>", "no CycloneDX"},
		{"prose", "Dear customer,\n", "no SBOM"},
		{"a program", "\x7fELF\x02\x01", "no SBOM"},
	} {
		refuse(t, c.what, c.text, document.ErrForm, c.says)
	}
}

// Where a document says last what it is, its version is told and not what is
// wrong by the versions that are read.
func TestVersionLast(t *testing.T) {
	refuse(t, "1.7, last", `{"components":[{"nothing":1}],"bomFormat":"CycloneDX","specVersion":"1.7"}`, document.ErrVersion, "1.7")
	refuse(t, "1.4, last", `{"components":[{"nothing":1}],"version":1,"bomFormat":"CycloneDX","specVersion":"1.4"}`, document.ErrInvalid, "at /components/0")
	refuse(t, "what 1.6 alone has", `{"declarations":{},"version":1,"bomFormat":"CycloneDX","specVersion":"1.5"}`, document.ErrInvalid, "declarations")
	refuse(t, "what SPDX has", `{"packages":[],"version":1,"bomFormat":"CycloneDX","specVersion":"1.5"}`, document.ErrInvalid, "packages")
	refuse(t, "SPDX 2.2, last", `{"packages":[{"SPDXID":"SPDXRef-a"},{"SPDXID":"SPDXRef-a"}],"spdxVersion":"SPDX-2.2"}`, document.ErrVersion, "2.2")
}

// Of two faults that lie as deep, it is the same one each time.
func TestOneOfTwoFaults(t *testing.T) {
	const two = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a",
 "licenses":[{}],"components":[{"type":"library","name":"b","sicnature":{}}]}]}`
	for range 200 {
		_, err := document.Read(strings.NewReader(two))
		if err == nil || !strings.Contains(err.Error(), `/components/0/components/0: "sicnature"`) {
			t.Fatalf("not the first by place: %v", err)
		}
	}
}
