package sbom_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/internal/archive/archivetest"
	"stellad/sbom"
)

var must = attesttest.Must

var artifact = []byte("what was built")

const document = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"tools":{"components":[{"name":"syft","version":"1.2.3"}]}}}` + "\n"

// read stands in for the reader of SBOMs: it knows one tool, and one word that is wrong.
func read(r io.Reader) (*sbom.Described, error) {
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte("invalid")) {
		return nil, errors.New("its specVersion is invalid")
	}
	about := &sbom.Described{Format: "CycloneDX", Version: "1.6", Encoding: "json"}
	if bytes.Contains(text, []byte("syft")) {
		about.Tools = []string{"syft 1.2.3"}
	}
	return about, nil
}

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func metadata() sbom.Metadata {
	return sbom.Metadata{
		Scanner: sbom.Scanner{Name: "stella-scanner", Version: "4.5.6", Image: digest("1")}, Database: &sbom.Digest{Digest: digest("2")},
		Configuration: &sbom.NamedInput{Name: "scanner.yaml", Digest: digest("3")},
		Sources:       []sbom.NamedInput{{Name: "src/b", Digest: digest("5")}, {Name: "src/a", Digest: digest("4")}},
	}
}

func input(text string) sbom.Input {
	return sbom.Input{SBOM: strings.NewReader(text), Subject: attesttest.SubjectOf("registry.example/app:1", artifact), Metadata: metadata(), Read: read}
}

// signed makes an archive of an SBOM.
func signed(t testing.TB, s *attesttest.Site, text string) []byte {
	t.Helper()
	d, err := sbom.NewDraft(input(text))
	must(t, err)
	var b bytes.Buffer
	must(t, d.Write(&b, s.Bundle(d.Subjects(), d.Predicate())))
	return b.Bytes()
}

func verify(t testing.TB, s *attesttest.Site, text []byte) *report.Archive {
	t.Helper()
	a, err := sbom.Verify(bytes.NewReader(text), sbom.Expect{Verifier: s.Verifier(), Artifact: attesttest.ArtifactOf(artifact), Read: read})
	must(t, err)
	return a
}

type file = archivetest.File

var files, pack = archivetest.Files, archivetest.Pack
