package report_test

import (
	"crypto"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/report"
	"stellad/attest/trust"
)

var certificateTime = time.Date(2026, 2, 14, 8, 30, 0, 0, time.UTC)

// packageDigest is the subject of the demo's bundle, sigstore@2.0.0 on npm.
const packageDigest = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"

// certificateEntry is a real bundle that verifies.
func certificateEntry(t testing.TB) report.Entry {
	return real(t, true, attest.Expect{Artifact: sha512(t, packageDigest)})
}

// otherArtifact is the same bundle, and an artifact that it says nothing about.
func otherArtifact(t testing.TB) report.Entry {
	return real(t, false, attest.Expect{Artifact: sha512(t, strings.Repeat("0", 128))})
}

// otherSigner is the same bundle, and another signer that is accepted.
func otherSigner(t testing.TB) report.Entry {
	nobody := trust.Match{Exact: "nobody@example.com"}
	signers := []*trust.Signer{{Where: "the command line", Identity: nobody, Issuer: nobody, Needs: trust.DefaultNeeds}}
	return real(t, false, attest.Expect{Artifact: sha512(t, packageDigest), Signers: signers})
}

func sha512(t testing.TB, digest string) *attest.Artifact {
	t.Helper()
	sum, err := hex.DecodeString(digest)
	if err != nil {
		t.Fatal(err)
	}
	return &attest.Artifact{Name: "sigstore-2.0.0.tgz", Kind: "file", Any: []attest.Digests{{crypto.SHA512: sum}}}
}

// real verifies the demo's bundle, published with an npm package.
func real(t testing.TB, verified bool, want attest.Expect) report.Entry {
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
	v := attest.NewVerifier(roots).Verify(docs[0], want)
	if v.Verified != verified {
		t.Fatalf("verified: %v, want %v: %s", v.Verified, verified, v.Reason)
	}
	return report.Entry{File: "sigstore-js.sigstore.json", Verdict: v}
}

// keyEntry is an envelope that two keys signed, in a file of several.
func keyEntry() report.Entry {
	digest := strings.Repeat("ab", 32)
	return report.Entry{File: "evidence/app.jsonl", Verdict: &attest.Verdict{
		Verified: true,
		Document: attest.DocumentRef{Form: "DSSE envelope", SHA256: strings.Repeat("01", 32), Line: 3},
		Trust:    attest.TrustRef{SHA256: strings.Repeat("02", 32)},
		Established: attest.Established{
			Signer: &attest.SignerRef{Name: "release", Keys: []attest.KeyRef{
				{Name: "keys/alice.pem", SHA256: strings.Repeat("03", 32)}, {Name: "keys/bob.pem", SHA256: strings.Repeat("04", 32)},
			}},
			Signatures: 2, PredicateType: "https://slsa.dev/provenance/v1",
			Subjects: []attest.Subject{
				{Name: "app-1.4.2.tar.gz", Digest: map[string]string{"sha256": strings.ToUpper(digest), "sha512": strings.Repeat("cd", 64)}},
				{Digest: map[string]string{"sha256": strings.Repeat("ef", 32), "gitCommit": strings.Repeat("05", 20)}},
			},
			Artifact: &attest.Match{Name: "downloads/app-1.4.2.tar.gz", Kind: "file", Algorithm: "sha256", Digest: digest},
		},
		NotEstablished:   []string{"no log entry: a bare DSSE envelope carries none", "no proven time: the signature may be of any date"},
		NotAuthenticated: []string{"signatures[0].keyid", "signatures[1].keyid"},
		Links: []attest.Link{
			{Name: "document", State: attest.Held, Detail: "DSSE envelope"},
			{Name: "signature", State: attest.Held, Detail: "over the DSSE envelope, by 2 of the accepted keys"},
			{Name: "statement", State: attest.Held, Detail: "https://slsa.dev/provenance/v1, subjects: 2"},
			{Name: "artifact", State: attest.Held, Detail: "file downloads/app-1.4.2.tar.gz has sha256:" + digest + ", which is signed"},
			{Name: "signer", State: attest.Held, Detail: `key keys/alice.pem, key keys/bob.pem, accepted as "release" by signers.toml`},
		},
	}}
}

// messageEntry is a signature over an image itself, proven by a timestamp and
// by a log of the second version, and all that a verdict can hold.
func messageEntry() report.Entry {
	digest := strings.Repeat("ab", 32)
	e := keyEntry()
	v := e.Verdict
	v.Document = attest.DocumentRef{Form: "Sigstore bundle v0.3", SHA256: strings.Repeat("06", 32)}
	v.Trust.Root, v.Trust.RootSHA256 = "trusted_root.json", strings.Repeat("07", 32)
	v.Established = attest.Established{
		Signer:     &attest.SignerRef{Keys: []attest.KeyRef{{Name: "--key release.pem", SHA256: strings.Repeat("03", 32)}}},
		Signatures: 1,
		Artifact:   &attest.Match{Name: "app.oci.tar", Kind: "image manifest", Algorithm: "sha256", Digest: digest},
		Logs: []attest.LogRef{
			{Log: "https://log2026.example.com", KeyID: strings.Repeat("08", 32), Index: 7, Size: 1200, Root: "deadbeef", Proof: true},
			{Log: "https://log.example.com", KeyID: strings.Repeat("09", 32), Index: 99, Promise: true},
		},
		Times: []attest.TimeRef{
			{Time: certificateTime, By: "CN=tsa, O=example.com", Kind: "timestamp"},
			{Time: certificateTime, By: "https://log.example.com", Kind: "log"},
		},
	}
	v.NotAuthenticated = nil
	return report.Entry{File: "app.sigstore.json", Verdict: v}
}
