package sbom_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/sealed"
	"stellad/sbom"
)

// example is what the specification works out.
const example = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"tools":{"components":[{"type":"application","name":"maker","version":"2.1"}]}}}` + "\n"

// TestWorkedExample: what the specification's example says is what is made of it.
func TestWorkedExample(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	subject := attest.Subject{Name: "app.tar", Digest: map[string]string{"sha256": sealed.Sum([]byte("what was built"))}}
	draft, err := sbom.NewDraft(sbom.Input{
		SBOM: strings.NewReader(example), Subject: subject, Read: sbom.ReadDocument, Metadata: sbom.Metadata{
			Scanner: sbom.Scanner{Name: "maker", Version: "2.1", Image: digest("1")}, Database: &sbom.Digest{Digest: digest("2")},
			Configuration: &sbom.NamedInput{Name: "maker.yaml", Digest: digest("3")}, Sources: []sbom.NamedInput{{Name: "git+https://example.org/app", Digest: digest("4")}},
		},
	})
	must(t, err)
	var text bytes.Buffer
	must(t, draft.Write(&text, s.Bundle(draft.Subjects(), draft.Predicate())))
	var worked strings.Builder
	fmt.Fprintf(&worked, "```json\n%s```\n\n", example)
	sums := "| file | bytes | SHA-256 |\n|---|---|---|\n"
	for _, f := range files(t, text.Bytes()) {
		switch f.Name {
		case "metadata.json", "manifest.json", "statement.json":
			fmt.Fprintf(&worked, "`%s`:\n\n```json\n%s\n```\n\n", f.Name, strings.TrimSuffix(string(f.Content), "\n"))
			fallthrough
		case "sbom.cdx.json", "VERIFY.md", "statement.pae":
			sums += fmt.Sprintf("| `%s` | %d | `%s` |\n", f.Name, len(f.Content), sealed.Sum(f.Content))
		}
	}
	fmt.Fprintf(&worked, "The digests of what is the same each time, but for the script, which is the release's:\n\n%s", sums)
	spec := filepath.Join("..", "docs", "modules", "scanner", "signed-sbom-archive-spec.md")
	written, err := os.ReadFile(spec)
	must(t, err)
	if !bytes.Contains(written, []byte(worked.String())) {
		t.Errorf("%s has another example:\n%s", spec, worked.String())
	}
	if a, err := sbom.Verify(bytes.NewReader(text.Bytes()), sbom.Expect{Verifier: s.Verifier(), Read: sbom.ReadDocument}); err != nil || !a.Verified {
		t.Errorf("%+v %v", a, err)
	}
}
