package bundle_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
	"stellad/internal/archive/archivetest"
)

var must = attesttest.Must

var artifact = []byte("what was built")

// endorsed signs something of the artifact, another each time.
func endorsed(s *attesttest.Site, n int) []byte {
	return s.Bundle([]attest.Subject{attesttest.SubjectOf("app", artifact)},
		sign.Predicate{Type: "https://example.test/checked/v1", JSON: fmt.Appendf(nil, `{"n":%d}`, n)})
}

func documentOf(of kind.Kind, verdict string, text []byte) bundle.Document {
	return bundle.Document{
		SHA256: sealed.Sum(text), Kind: of, Verdict: verdict, Size: int64(len(text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
	}
}

// input has so many attestations, a document that is none, and what stands around them.
func input(s *attesttest.Site, attestations int) bundle.Input {
	in := bundle.Input{
		Artifacts:   []attest.Subject{attesttest.SubjectOf("app", artifact)},
		Checkpoints: map[string][]byte{"stella.example": []byte("a checkpoint\n")},
		Trust:       map[string][]byte{"signers.toml": []byte("# whom it believed\n")},
		Policy:      []byte("{\"access\":{\"version\":7}}\n"),
		Documents:   []bundle.Document{documentOf(kind.OpenVEX, "none", []byte(`{"@context":"https://openvex.dev/ns/v0.2.0"}`))},
	}
	in.Documents[0].Artifacts = []string{"sha256:" + sealed.Sum(artifact)}
	for n := range attestations {
		in.Documents = append(in.Documents, documentOf(kind.Bundle, "verified", endorsed(s, n)))
	}
	return in
}

// signed makes a bundle.
func signed(t testing.TB, s *attesttest.Site, in bundle.Input) []byte {
	t.Helper()
	d, err := bundle.NewDraft(in)
	must(t, err)
	var b bytes.Buffer
	must(t, d.Write(&b, s.Bundle(d.Subjects(), d.Predicate())))
	return b.Bytes()
}

func verify(t testing.TB, s *attesttest.Site, text []byte) *report.Archive {
	t.Helper()
	a, err := bundle.Verify(bytes.NewReader(text), bundle.Expect{Verifier: s.Verifier(), Artifact: attesttest.ArtifactOf(artifact)})
	must(t, err)
	return a
}

type file = archivetest.File

var files, pack = archivetest.Files, archivetest.Pack
