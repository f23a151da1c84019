package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/attest/trust"
)

func publicPEM(t testing.TB, pub any) string {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
}

func newPEM(t testing.TB) string {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return publicPEM(t, &k.PublicKey)
}

// lay writes files below a new folder; a name that ends in "@" is a link.
func lay(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		to := filepath.Join(dir, strings.TrimSuffix(name, "@"))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if strings.HasSuffix(name, "@") {
			err = os.Symlink(text, to)
		} else {
			err = os.WriteFile(to, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

func realRoot(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "fuzz-trust", "trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLoad(t *testing.T) {
	key := newPEM(t)
	dir := lay(t, map[string]string{
		"trusted_root.json":         realRoot(t),
		"more/trusted_root-2.json":  realRoot(t),
		"keys/a.pem":                key,
		"more/keys/b.pem":           newPEM(t) + newPEM(t),
		"logs/l.vkey":               "# a log\n\n" + vkey + "\r\n",
		"signers.toml":              "[[signer]]\nname=\"n\"\nkey=\"keys/a.pem\"\n",
		"README.txt":                "passed over",
		"keys/notes.txt":            "passed over",
		"other/a.pem":               "passed over: not in keys/",
		".hidden/trusted_root.json": "passed over",
		"keys/again.pem@":           "a.pem",
	})
	got, err := trust.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Roots) != 2 || len(got.Keys) != 4 || len(got.Logs) != 1 {
		t.Errorf("%d roots, %d keys, %d logs", len(got.Roots), len(got.Keys), len(got.Logs))
	}
	// a.pem, for what signers.toml says; it stands above all the others, and
	// names none of them.
	if len(got.Signers) != 1 || got.Signers[0].Name != "n" || got.Signers[0].Where != "signers.toml:1" {
		t.Errorf("signers: %+v", got.Signers)
	}
	if again, err := trust.Load(dir); err != nil || again.Digest != got.Digest || len(got.Digest) != 64 {
		t.Errorf("digest %s, then %v %v", got.Digest, again, err)
	}
	if len(got.LogKeys()) < 2 {
		t.Errorf("log keys: %v", got.LogKeys())
	}
}

// TestDigest: the digest changes with any file that counts, by name or content.
func TestDigest(t *testing.T) {
	key := newPEM(t)
	digest := func(files map[string]string) string {
		got, err := trust.Load(lay(t, files))
		if err != nil {
			t.Fatal(err)
		}
		return got.Digest
	}
	base := digest(map[string]string{"keys/a.pem": key})
	if digest(map[string]string{"keys/a.pem": key, "README": "x"}) != base {
		t.Error("a file that does not count changes the digest")
	}
	for name, files := range map[string]map[string]string{
		"a name":  {"keys/b.pem": key},
		"a byte":  {"keys/a.pem": key + "\n"},
		"a file":  {"keys/a.pem": key, "keys/b.pem": key},
		"a place": {"x/keys/a.pem": key},
	} {
		if digest(files) == base {
			t.Errorf("%s was changed and the digest stays", name)
		}
	}
}

func TestAppliance(t *testing.T) {
	outside := lay(t, map[string]string{"keys/appliance.pem": newPEM(t)})
	got, err := trust.Load(lay(t, map[string]string{"appliance@": outside}))
	if err != nil || len(got.Keys) != 1 || got.Keys[0].Name != "appliance/keys/appliance.pem" {
		t.Fatalf("%+v %v", got, err)
	}
	// Its trust is held to the same rules, and has no appliance of its own.
	for name, inside := range map[string]map[string]string{
		"a link out of it": {"keys/x.pem@": filepath.Join(outside, "keys", "appliance.pem")},
		"another one":      {"appliance@": outside},
	} {
		_, err := trust.Load(lay(t, map[string]string{"appliance@": lay(t, inside)}))
		refused(t, name, err, "leaves the trust root")
	}
}

func refused(t *testing.T, name string, err error, reason string) {
	t.Helper()
	if !errors.Is(err, trust.ErrTrust) || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: want one line with %q, got %v", name, reason, err)
	}
}

func TestRefusedRoots(t *testing.T) {
	outside := lay(t, map[string]string{"k.pem": newPEM(t), "keys/k.pem": newPEM(t)})
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(p224)
	if err != nil {
		t.Fatal(err)
	}
	good := newPEM(t)
	for _, c := range []struct {
		name   string
		files  map[string]string
		reason string
	}{
		{"nothing", map[string]string{}, "nothing to verify with"},
		{"only signers", map[string]string{"signers.toml": "[[signer]]\nidentity='a'\nissuer='b'\n"}, "nothing to verify with"},
		{"a bad key among good ones", map[string]string{"keys/a.pem": good, "keys/b.pem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}, "keys/b.pem: key 1"},
		{"a bad key in a file of good ones", map[string]string{"keys/a.pem": good + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}, "keys/a.pem: key 2"},
		{"no key in a key's file", map[string]string{"keys/a.pem": "hello"}, "keys/a.pem: no PEM public key"},
		{"a private key", map[string]string{"keys/a.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))}, "is not a public key"},
		{"weak RSA", map[string]string{"keys/a.pem": publicPEM(t, &weak.PublicKey)}, "1024 bits is too weak"},
		{"a weak curve", map[string]string{"keys/a.pem": publicPEM(t, &p224.PublicKey)}, "P-224 is too weak"},
		{"a bad log key", map[string]string{"logs/l.vkey": vkey + "\nexample.com+00000000+AAAA\n"}, "logs/l.vkey: line 2"},
		{"no log key", map[string]string{"logs/l.vkey": "# none\n"}, "no verifier key"},
		{"a trusted root that is none", map[string]string{"trusted_root.json": "{"}, "trusted_root.json: not a Sigstore trusted root"},
		{"an empty trusted root", map[string]string{"trusted_root.json": `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`}, "no log and no authority"},
		{"a trusted root of another type", map[string]string{"trusted_root.json": `{"mediaType":"x"}`}, "media type"},
		{"a trusted root with a log twice", map[string]string{"trusted_root.json": strings.Replace(realRoot(t), `"ctlogs":[`, `"ctlogs":[`+firstOf(t, `"ctlogs":[`)+",", 1)}, "a second log"},
		{"a trusted root whose log has no span", map[string]string{"trusted_root.json": strings.Replace(realRoot(t), `"start":"2021-01-12T11:53:27Z"`, "", 1)}, "tlogs[0] https://rekor.sigstore.dev"},
		{"a trusted root with a broken certificate", map[string]string{"trusted_root.json": strings.Replace(realRoot(t), `"rawBytes":"MIIB+DCC`, `"rawBytes":"MIIB+DCD`, 1)}, "certificate"},
		{"a link out", map[string]string{"keys/a.pem@": filepath.Join(outside, "k.pem")}, "leaves the trust root"},
		{"a link to a folder", map[string]string{"real/a.pem": good, "keys@": "real", "trusted_root.json": realRoot(t)}, "a link to a folder"},
		{"appliance is a file", map[string]string{"appliance": "x", "keys/a.pem": good}, "appliance: "},
		{"a folder's link out", map[string]string{"keys@": filepath.Join(outside, "keys"), "trusted_root.json": realRoot(t)}, "leaves the trust root"},
		{"a link to nowhere", map[string]string{"keys/a.pem@": "nothing"}, "leads nowhere"},
		{"a link to itself", map[string]string{"keys/a.pem@": "a.pem"}, "leads nowhere"},
		{"appliance leads nowhere", map[string]string{"appliance@": "/nonexistent", "keys/a.pem": good}, "leads nowhere"},
		{"too deep", map[string]string{strings.Repeat("d/", 10) + "keys/a.pem": good}, "deeper than"},
	} {
		_, err := trust.Load(lay(t, c.files))
		refused(t, c.name, err, c.reason)
	}
}

// firstOf gives the first object of a list in the real trusted root.
func firstOf(t *testing.T, list string) string {
	t.Helper()
	_, rest, found := strings.Cut(realRoot(t), list)
	if !found {
		t.Fatalf("no %s", list)
	}
	depth := 0
	for i, r := range rest {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return rest[:i+1]
			}
		}
	}
	t.Fatal("no end")
	return ""
}

func TestLoadOneFile(t *testing.T) {
	dir := lay(t, map[string]string{"public-good.json": realRoot(t), "bad.json": "{"})
	if got, err := trust.Load(filepath.Join(dir, "public-good.json")); err != nil || len(got.Roots) != 1 {
		t.Errorf("%v %v", got, err)
	}
	_, err := trust.Load(filepath.Join(dir, "bad.json"))
	refused(t, "a bad file", err, "not a Sigstore trusted root")
	_, err = trust.Load(filepath.Join(dir, "absent"))
	refused(t, "an absent one", err, "no such file")
	_, err = trust.Load(os.DevNull)
	refused(t, "a device", err, "regular file")
}

func TestTooLarge(t *testing.T) {
	dir := lay(t, map[string]string{"trusted_root.json": ""})
	if err := os.Truncate(filepath.Join(dir, "trusted_root.json"), 16<<20+1); err != nil {
		t.Fatal(err)
	}
	_, err := trust.Load(dir)
	refused(t, "an enormous file", err, "larger than 16 MiB")
}
