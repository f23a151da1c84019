package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stellad/policy/bundle"
	"stellad/policy/signature"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return k
}

func sample() bundle.Files {
	return bundle.Files{
		".manifest": []byte(`{"revision":"1","roots":["a"]}`), "a/a.rego": []byte("package a\n\np := data.a.n\n"), "a/data.json": []byte(`{"n":1,"m":2}`),
	}
}

func signed(t testing.TB, key crypto.Signer) bundle.Files {
	t.Helper()
	files, err := signature.Sign(sample(), key)
	must(t, err)
	return files
}

func accepted(public crypto.PublicKey) []signature.Key {
	return []signature.Key{{Name: "author", Public: public}}
}

func TestSign(t *testing.T) {
	key, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	files := signed(t, key)
	by, err := signature.Verify(files, []signature.Key{{Name: "other", Public: other.Public()}, {Name: "author", Public: key.Public()}})
	if err != nil || by.Name != "author" {
		t.Errorf("%v %v", by, err)
	}
	if _, there := sample()[bundle.Signatures]; there || len(files) != 4 {
		t.Errorf("%q", files.Names())
	}
	// What JSON says is signed, not how it is written.
	files["a/data.json"] = []byte("{\n \"m\": 2, \"n\": 1 }")
	if _, err := signature.Verify(files, accepted(key.Public())); err != nil {
		t.Errorf("data in another order: %v", err)
	}
	again, err := signature.Sign(files, other) // takes the place of what was there
	must(t, err)
	if _, err := signature.Verify(again, accepted(key.Public())); !errors.Is(err, signature.ErrSignature) {
		t.Errorf("signed by another since: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for name, key := range map[string]crypto.Signer{"P-384": newKey(t, elliptic.P384()), "RSA": rsaKey} {
		if _, err := signature.Sign(sample(), key); err == nil {
			t.Errorf("%s signed", name)
		}
	}
	if _, err := signature.Sign(bundle.Files{"data.json": []byte("{")}, newKey(t, elliptic.P256())); err == nil {
		t.Error("broken JSON was signed")
	}
}

// jwt is one with a header and a body, signed so.
func jwt(header, body string, sign func(text string) []byte) []byte {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body))
	all, _ := json.Marshal(map[string][]string{"signatures": {text + "." + base64.RawURLEncoding.EncodeToString(sign(text))}})
	return all
}

// claims are what is signed of files.
func claims(t testing.TB, files bundle.Files) string {
	t.Helper()
	var held struct{ Signatures []string }
	must(t, json.Unmarshal(files[bundle.Signatures], &held))
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(held.Signatures[0], ".")[1])
	must(t, err)
	return string(body)
}

// TestRefused: whatever was changed after it was signed, and whatever is signed in a way that proves nothing.
func TestRefused(t *testing.T) {
	key := newKey(t, elliptic.P256())
	good := signed(t, key)
	body := claims(t, good)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	none := func(string) []byte { return nil }
	byPublic := func(text string) []byte {
		h := hmac.New(sha256.New, public)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	twice := strings.Replace(string(good[bundle.Signatures]), `"]`, `","x.y.z"]`, 1)
	for name, change := range map[string]func(bundle.Files){
		"Rego":                  func(f bundle.Files) { f["a/a.rego"] = append(f["a/a.rego"], ' ') },
		"a value":               func(f bundle.Files) { f["a/data.json"] = []byte(`{"n":2,"m":2}`) },
		"the manifest":          func(f bundle.Files) { f[".manifest"] = []byte(`{"revision":"2","roots":["a"]}`) },
		"a file more":           func(f bundle.Files) { f["a/b.rego"] = []byte("package a\n") },
		"a file less":           func(f bundle.Files) { delete(f, "a/data.json") },
		"a file's name":         func(f bundle.Files) { f["b/a.rego"] = f["a/a.rego"]; delete(f, "a/a.rego") },
		"no signature":          func(f bundle.Files) { f[bundle.Signatures] = []byte(`{"signatures":[]}`) },
		"an empty object":       func(f bundle.Files) { f[bundle.Signatures] = []byte(`{}`) },
		"no JSON":               func(f bundle.Files) { f[bundle.Signatures] = []byte(`x`) },
		"two signatures":        func(f bundle.Files) { f[bundle.Signatures] = []byte(twice) },
		"alg none":              func(f bundle.Files) { f[bundle.Signatures] = jwt(`{"alg":"none"}`, body, none) },
		"alg none, signed":      func(f bundle.Files) { f[bundle.Signatures] = jwt(`{"alg":"none"}`, body, byPublic) },
		"the public key's HMAC": func(f bundle.Files) { f[bundle.Signatures] = jwt(`{"alg":"HS256"}`, body, byPublic) },
		"another plugin": func(f bundle.Files) {
			f[bundle.Signatures] = []byte(strings.Replace(twice, `{"`, `{"plugin":"none","`, 1))
		},
		"ES256 by nobody": func(f bundle.Files) {
			f[bundle.Signatures] = jwt(`{"alg":"ES256"}`, body, func(string) []byte { return make([]byte, 64) })
		},
		"the claims of no files": func(f bundle.Files) { f[bundle.Signatures] = jwt(`{"alg":"ES256"}`, `{"files":[]}`, byPublic) },
	} {
		files := maps.Clone(good)
		change(files)
		if by, err := signature.Verify(files, accepted(key.Public())); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: by %v, %v", name, by, err)
		}
	}
	if _, err := signature.Verify(sample(), accepted(key.Public())); !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
	for name, keys := range map[string][]signature.Key{
		"nobody": nil, "another": accepted(newKey(t, elliptic.P256()).Public()), "another curve": accepted(newKey(t, elliptic.P384()).Public()), "no key": accepted("x"),
	} {
		if _, err := signature.Verify(good, keys); !errors.Is(err, signature.ErrSignature) {
			t.Errorf("%s is accepted: %v", name, err)
		}
	}
}

// TestStock: what stock OPA signs is verified here, and what is signed here stock OPA verifies.
func TestStock(t *testing.T) {
	program, err := filepath.Abs(filepath.Join("..", "..", "build", "tools", "opa"))
	must(t, err)
	if _, err := os.Stat(program); err != nil {
		t.Fatal("no opa: make test builds it")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range sample() {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join("src", name)), 0o700))
		must(t, os.WriteFile(filepath.Join("src", name), text, 0o600))
	}
	key := newKey(t, elliptic.P256())
	private, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	must(t, os.WriteFile("key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	must(t, os.WriteFile("public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), 0o600))

	opa := func(args ...string) error {
		out, err := exec.Command(program, args...).CombinedOutput()
		if err != nil {
			return errors.New(string(out))
		}
		return nil
	}
	must(t, opa("build", "-b", "src", "--signing-key", "key.pem", "--signing-alg", "ES256", "-o", "theirs.tar.gz"))
	theirs, err := os.ReadFile("theirs.tar.gz")
	must(t, err)
	files, err := bundle.Read(theirs)
	must(t, err)
	if _, err := signature.Verify(files, accepted(key.Public())); err != nil {
		t.Errorf("signed by opa: %v", err)
	}
	ours, err := bundle.Pack(signed(t, key))
	must(t, err)
	must(t, os.WriteFile("ours.tar.gz", ours, 0o600))
	verify := []string{"build", "-b", "ours.tar.gz", "--verification-key", "public.pem", "--signing-alg", "ES256", "-o", "out.tar.gz"}
	must(t, opa(verify...))
	changed := signed(t, key)
	changed["a/a.rego"] = []byte("package a\n\np := 2\n")
	text, err := bundle.Pack(changed)
	must(t, err)
	must(t, os.WriteFile("ours.tar.gz", text, 0o600))
	if opa(verify...) == nil {
		t.Error("opa verifies what was changed: it does not verify")
	}
}

// FuzzVerify: no bytes beside a bundle are a signature of it, but the one that its key made.
func FuzzVerify(f *testing.F) {
	key := newKey(f, elliptic.P256())
	good := signed(f, key)
	f.Add([]byte(`{"signatures":["e30.e30.e30"]}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"signatures":["eyJhbGciOiJub25lIn0.eyJmaWxlcyI6W119."]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		files := maps.Clone(good)
		files[bundle.Signatures] = text
		if by, err := signature.Verify(files, accepted(key.Public())); err == nil {
			t.Fatalf("%q is a signature by %v", text, by)
		}
	})
}
