package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/trust"
)

var update = flag.Bool("update", false, "write the golden reports anew")

var (
	forms = []report.Form{report.JSON, report.HTML, report.Markdown}
	when  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// TestGolden compares whole reports with those in testdata, which are to be read
// by eye when they change.
func TestGolden(t *testing.T) {
	verified, refused := real(t, trust.Match{}), real(t, trust.Match{Exact: "nobody@example.test"})
	if !verified.Verdict.Verified || refused.Verdict.Verified {
		t.Fatalf("%+v %+v", verified.Verdict, refused.Verdict)
	}
	for name, entries := range map[string][]report.Entry{
		"verified": {verified},
		"refused":  {refused},
		"key":      {keyEntry()},
		"several":  {verified, refused, keyEntry(), {File: "notes.txt", Problem: "not an attestation: line 1: its JSON is cut short"}},
		"none":     {{File: "notes.txt", Problem: "no such file or directory"}},
	} {
		for _, form := range forms {
			t.Run(name+string(form), func(t *testing.T) {
				golden(t, name+string(form), write(t, form, entries))
			})
		}
	}
}

func write(t *testing.T, form report.Form, entries []report.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, form, report.Report{Program: "stella v0.0.0", Time: when, Entries: entries}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// real verifies the demo's bundle, by its signers or by another identity.
func real(t *testing.T, identity trust.Match) report.Entry {
	t.Helper()
	dir := filepath.Join("..", "..", "packaging", "demo")
	text, err := os.ReadFile(filepath.Join(dir, "sigstore-js.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := attest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := trust.Load(filepath.Join(dir, "trust"))
	if err != nil {
		t.Fatal(err)
	}
	var want attest.Expect
	if !identity.IsZero() {
		want.Signers = []*trust.Signer{{Where: "the command line", Identity: identity, Issuer: identity, Needs: trust.DefaultNeeds}}
	}
	return report.Entry{File: "sigstore-js.sigstore.json", Verdict: attest.NewVerifier(roots).Verify(docs[0], want)}
}

func keyEntry() report.Entry {
	digest := strings.Repeat("ab", 32)
	return report.Entry{File: "app.dsse", Verdict: &attest.Verdict{
		Verified: true,
		Document: attest.DocumentRef{Form: "DSSE envelope", SHA256: strings.Repeat("01", 32), Line: 3},
		Trust:    attest.TrustRef{SHA256: strings.Repeat("02", 32)},
		Established: attest.Established{
			Signer:     &attest.SignerRef{Name: "release key", Keys: []attest.KeyRef{{Name: "keys/release.pem", SHA256: strings.Repeat("03", 32)}}},
			Signatures: 1, PredicateType: "https://example.test/built/v1",
			Subjects: []attest.Subject{{Name: "app", Digest: map[string]string{"sha256": digest, "sha512": "cd"}}},
			Artifact: &attest.Match{Name: "app.bin", Kind: "file", Algorithm: "sha256", Digest: digest},
		},
		NotEstablished:   []string{"no log entry: a bare DSSE envelope carries none"},
		NotAuthenticated: []string{"signatures[0].keyid"},
		Links: []attest.Link{
			{Name: "signature", State: attest.Held, Detail: "over the DSSE envelope"},
			{Name: "artifact", State: attest.Held, Detail: "file app.bin"},
		},
	}}
}

// TestAnswers: a report says VERIFIED at its top only where all are.
func TestAnswers(t *testing.T) {
	good, bad := keyEntry(), keyEntry()
	bad.Verdict.Verified, bad.Verdict.Reason = false, "signature: the signature is not by this key"
	for name, c := range map[string]struct {
		entries []report.Entry
		answer  string
	}{
		"one":              {[]report.Entry{good}, "VERIFIED"},
		"a bad one":        {[]report.Entry{bad}, "NOT VERIFIED"},
		"both":             {[]report.Entry{good, bad}, "NOT VERIFIED"},
		"one and no other": {[]report.Entry{good, {File: "x", Problem: "y"}}, "NOT VERIFIED"},
		"none at all":      {nil, "NOT VERIFIED"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(write(t, report.Markdown, c.entries)); !strings.HasPrefix(got, "# Verification report: "+c.answer+"\n") {
				t.Errorf("want %s:\n%.200s", c.answer, got)
			}
		})
	}
	for _, form := range []report.Form{report.HTML, report.Markdown} {
		if text := string(write(t, form, []report.Entry{bad})); strings.Contains(text, "Established") || !strings.Contains(text, "Had held before the refusal") {
			t.Errorf("%s: a refusal reads as if something were proven", form)
		}
	}
}

func TestFormOf(t *testing.T) {
	for name, want := range map[string]report.Form{"a.json": report.JSON, "dir/a.html": report.HTML, "a.md": report.Markdown} {
		if got, err := report.FormOf(name); got != want || err != nil {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	for _, name := range []string{"", "a", "a.pdf", "a.HTML.gz", "html"} {
		if _, err := report.FormOf(name); err == nil {
			t.Errorf("%q has a form", name)
		}
	}
	if err := report.Write(&bytes.Buffer{}, "", report.Report{}); err == nil {
		t.Error("a report of no form was written")
	}
}
