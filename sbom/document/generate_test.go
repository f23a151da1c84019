package document_test

import (
	"fmt"
	"io"
	"strings"
)

// big is a document of some size, made while it is read.
type big struct {
	head, tail string
	element    func(i int) string
	join       string
	size       int // of its elements, in bytes
	i          int
	rest       string
	ended      bool
}

func (b *big) Read(p []byte) (int, error) {
	for b.rest == "" {
		if b.ended {
			return 0, io.EOF
		}
		b.next()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *big) next() {
	var s strings.Builder
	for s.Len() < 64<<10 && b.size > 0 {
		part := b.join + b.element(b.i)
		if b.i == 0 {
			part = b.head + b.element(b.i)
		}
		b.i++
		b.size -= len(part)
		s.WriteString(part)
	}
	if b.size <= 0 {
		s.WriteString(b.tail)
		b.ended = true
	}
	b.rest = s.String()
}

// bigForms make documents such as scanners write: a component of some 600 bytes
// with a licence, hashes, an address and properties.
var bigForms = map[string]func(size int) io.Reader{
	"CycloneDX JSON": func(size int) io.Reader {
		return &big{
			head: `{"$schema":"http://cyclonedx.org/schema/bom-1.6.schema.json","bomFormat":"CycloneDX","specVersion":"1.6","version":1,` +
				`"metadata":{"timestamp":"2026-01-02T03:04:05Z","component":{"type":"application","name":"big","bom-ref":"root"}},"components":[`,
			join: ",\n", tail: "]}\n", size: size,
			element: func(i int) string {
				return fmt.Sprintf(`{"bom-ref":"pkg:deb/debian/lib%d@1.%d","type":"library","name":"lib%d","version":"1.%d","purl":"pkg:deb/debian/lib%d@1.%d?arch=amd64",`+
					`"licenses":[{"license":{"id":"Apache-2.0"}},{"license":{"name":"Of its own"}}],"hashes":[{"alg":"SHA-256","content":"%064x"}],`+
					`"externalReferences":[{"type":"website","url":"https://example.org/lib%d"}],`+
					`"properties":[{"name":"aquasecurity:trivy:PkgID","value":"lib%d@1.%d"},{"name":"aquasecurity:trivy:PkgType","value":"debian"}]}`, i, i, i, i, i, i, i, i, i, i)
			},
		}
	},
	"CycloneDX XML": func(size int) io.Reader {
		return &big{
			head: `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata>` +
				`<component type="application" bom-ref="root"><name>big</name></component></metadata><components>`,
			join: "\n", tail: "</components></bom>\n", size: size,
			element: func(i int) string {
				return fmt.Sprintf(`<component type="library" bom-ref="pkg:deb/debian/lib%d@1.%d"><name>lib%d</name><version>1.%d</version>`+
					`<hashes><hash alg="SHA-256">%064x</hash></hashes><licenses><license><id>Apache-2.0</id></license><license><name>Of its own</name></license></licenses>`+
					`<purl>pkg:deb/debian/lib%d@1.%d?arch=amd64</purl><externalReferences><reference type="website"><url>https://example.org/lib%d</url></reference></externalReferences>`+
					`<properties><property name="aquasecurity:trivy:PkgID">lib%d@1.%d</property></properties></component>`, i, i, i, i, i, i, i, i, i, i)
			},
		}
	},
	"SPDX JSON": func(size int) io.Reader {
		return &big{
			head: `{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"big","documentNamespace":"https://example.org/big",` +
				`"creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Tool: maker-1.0"]},"packages":[`,
			join: ",\n", tail: "]}\n", size: size,
			element: func(i int) string {
				return fmt.Sprintf(`{"SPDXID":"SPDXRef-Package-%d","name":"lib%d","versionInfo":"1.%d","downloadLocation":"NOASSERTION","filesAnalyzed":false,`+
					`"licenseConcluded":"Apache-2.0","licenseDeclared":"NOASSERTION","copyrightText":"NOASSERTION","supplier":"Organization: Example",`+
					`"checksums":[{"algorithm":"SHA256","checksumValue":"%064x"}],`+
					`"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/lib%d@1.%d"}]}`, i, i, i, i, i, i)
			},
		}
	},
	"SPDX tag-value": func(size int) io.Reader {
		return &big{
			head: "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: big\nDocumentNamespace: https://example.org/big\n" +
				"Creator: Tool: maker-1.0\nCreated: 2026-01-02T03:04:05Z\n\n",
			join: "\n", size: size,
			element: func(i int) string {
				return fmt.Sprintf("PackageName: lib%d\nSPDXID: SPDXRef-Package-%d\nPackageVersion: 1.%d\nPackageDownloadLocation: NOASSERTION\nFilesAnalyzed: false\n"+
					"PackageChecksum: SHA256: %064x\nPackageLicenseConcluded: Apache-2.0\nPackageLicenseDeclared: NOASSERTION\nPackageCopyrightText: <text>Copyright\nof many</text>\n"+
					"ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/lib%d@1.%d\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-%d\n", i, i, i, i, i, i, i)
			},
		}
	},
}
