package attest_test

import (
	"crypto"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/internal/vectors"
)

// vector is a row of the manifests of published bundles.
type vector struct {
	Case, Bundle, Artifact, Digest string
	TrustedRoot                    string `json:"trusted_root"`
	Identity, Issuer, Key          string
	Expect                         string
}

// TestConformanceVectors holds the package to the cases of Sigstore's
// conformance suite.
func TestConformanceVectors(t *testing.T) { testVectors(t, "sigstore") }

// TestReleaseVectors holds it to bundles of real releases, of which only the
// digests are there.
func TestReleaseVectors(t *testing.T) { testVectors(t, "cpython") }

func testVectors(t *testing.T, folder string) {
	dir := vectors.Dir(t, folder)
	var manifest struct{ Cases []vector }
	vectors.Manifest(t, dir, &manifest)
	if len(manifest.Cases) == 0 {
		t.Fatal("no cases in the manifest")
	}
	for _, row := range manifest.Cases {
		t.Run(row.Case, func(t *testing.T) { row.run(t, dir) })
	}
}

func (row vector) run(t *testing.T, dir string) {
	verifier, want, err := row.setUp(t, dir)
	if err != nil && badInput[row.Case] {
		return
	}
	must(t, err)
	docs, err := attest.Parse(read(t, filepath.Join(dir, row.Bundle)))
	if err != nil && badInput[row.Case] {
		return
	}
	must(t, err)
	v := verifier.Verify(docs[0], want)
	row.expect(t, v.Verified, v.Reason)
}

// badInput are the cases that are refused before anything is judged: a trusted
// root or a key that is broken, a bundle whose base64 has line ends in it.
var badInput = map[string]bool{
	"managed-key-wrong-key_fail":                  true,
	"rekor2-timestamp-with-incorrect-time_fail":   true,
	"trust-root-tlog-missing-validity-start_fail": true,
}

func (row vector) expect(t *testing.T, verified bool, reason string) {
	t.Helper()
	t.Log(reason)
	if verified != (row.Expect == "pass") {
		t.Fatalf("verified: %v, want %s: %s", verified, row.Expect, reason)
	}
	if !verified && (reason == "" || strings.Contains(reason, "\n")) {
		t.Errorf("a refusal's reason is one line, not %q", reason)
	}
}

func (row vector) setUp(t testing.TB, dir string) (*attest.Verifier, attest.Expect, error) {
	root, err := trust.Parse([]trust.File{{Name: "trusted_root.json", Bytes: read(t, filepath.Join(dir, row.TrustedRoot))}})
	if err != nil {
		return nil, attest.Expect{}, err
	}
	want := attest.Expect{Artifact: digestArtifact(t, row.Digest)}
	if row.Key != "" {
		keys, err := trust.ParseKeys(row.Key, read(t, filepath.Join(dir, row.Key)))
		if err != nil {
			return nil, want, err
		}
		want.Signers = []*trust.Signer{{Where: "--key", Keys: keys, Needs: trust.DefaultNeeds}}
	} else {
		want.Signers = []*trust.Signer{identity(row.Identity, row.Issuer)}
	}
	return attest.NewVerifier(root), want, nil
}

func identity(san, issuer string) *trust.Signer {
	return &trust.Signer{
		Where: "test", Needs: trust.DefaultNeeds,
		Identity: trust.Match{Exact: san}, Issuer: trust.Match{Exact: issuer},
	}
}

func digestArtifact(t testing.TB, digest string) *attest.Artifact {
	t.Helper()
	sum, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	if err != nil {
		t.Fatal(err)
	}
	return &attest.Artifact{Name: digest, Kind: "digest", Any: []attest.Digests{{crypto.SHA256: sum}}}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
