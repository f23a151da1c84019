package verdicts

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"stellad/attest"
	"stellad/daemon/fair"
)

// The documents and the trust of these tests are the demo's, real ones of the public-good deployment.
var demo = filepath.Join("..", "..", "packaging", "demo")

func document(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(demo, "sigstore-js.sigstore.json"))
	must(t, err)
	return text
}

// tampered is a document that is one still, and verifies no more.
func tampered(t testing.TB) []byte {
	t.Helper()
	good := document(t)
	bad := bytes.Replace(good, []byte(`"logIndex": "`), []byte(`"logIndex": "1`), 1)
	if bytes.Equal(good, bad) {
		t.Fatal("nothing was changed")
	}
	return bad
}

// trustRoot lays the demo's trust root in a folder of its own.
func trustRoot(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "trust")
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(demo, "trust"))))
	return dir
}

// addKey makes another trust root of dir.
func addKey(t testing.TB, dir, name string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	spki, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(dir, "keys"), 0o755))
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	must(t, os.WriteFile(filepath.Join(dir, "keys", name), text, 0o600))
}

// trustNobody has dir accept a signer that signed nothing here.
func trustNobody(t testing.TB, dir string) {
	t.Helper()
	text := "[[signer]]\nname = 'nobody'\nidentity = 'nobody@example.test'\nissuer = 'https://example.test'\n"
	must(t, os.WriteFile(filepath.Join(dir, "signers.toml"), []byte(text), 0o600))
}

func spoil(t testing.TB, dir string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, "signers.toml"), []byte("[[signer]]\nkey = 7\n"), 0o600))
}

func newJudge(t testing.TB, dir string) *Judge {
	t.Helper()
	return NewJudge(dir, 1<<20, fair.NewTurns(2))
}

func loaded(t testing.TB, dir string) *Judge {
	t.Helper()
	j := newJudge(t, dir)
	if changed, err := j.Load(nil); err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	return j
}

func anything() (attest.Expect, error) { return attest.Expect{}, nil }

func about(document []byte) Question {
	return Question{Document: document, Expect: anything}
}

func ask(t testing.TB, j *Judge, q Question) Answer {
	t.Helper()
	a, err := j.Ask(t.Context(), 1, q)
	must(t, err)
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
