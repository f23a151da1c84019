package e2e

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleClient runs docs/example/verify as it stands there, but for where the socket is.
func TestExampleClient(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "trust", "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	digest := keyBundle(t, keys)
	bundle := filepath.Join(keys, "key.sigstore.json") // no file of a trust root by its name
	d := startAppliance(t, dir)
	source, err := os.ReadFile(filepath.Join("..", "docs", "example", "verify", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	const packaged = "unix:/run/stella/verify.sock"
	if strings.Count(string(source), packaged) != 1 {
		t.Fatalf("the example does not say %s", packaged)
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(source), packaged, "unix:"+d.verifySocket())), 0o600); err != nil {
		t.Fatal(err)
	}
	client := filepath.Join(t.TempDir(), "verify")
	if out, err := exec.Command("go", "build", "-o", client, file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name, document, digest string
		wants                  string
		passes                 bool
	}{
		{"its artifact", bundle, digest, "VERIFIED - sha256:", true},
		{"another artifact", bundle, strings.Repeat("0", 64), "NOT VERIFIED - ", false},
		{"no bundle", file, digest, "not an attestation", false},
		{"no digest", bundle, "00", "bad request", false},
	} {
		out, err := exec.Command(client, c.document, c.digest).CombinedOutput()
		if !strings.Contains(string(out), c.wants) || (err == nil) != c.passes {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
}

// TestGrpcurl asks with the client that docs/services.md names.
func TestGrpcurl(t *testing.T) {
	d, bundle := demoAppliance(t)
	grpcurl := filepath.Join("..", "build", "tools", "grpcurl")
	if _, err := os.Stat(grpcurl); err != nil {
		t.Fatal("no grpcurl: make test builds it")
	}
	text, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, document string
		wants          string
		fails          bool
	}{
		{"a bundle", base64.StdEncoding.EncodeToString(text), `"verified": true`, false},
		{"no bundle", base64.StdEncoding.EncodeToString([]byte("{}")), "NOT_AN_ATTESTATION", true},
		{"nothing", "", "BAD_REQUEST", true},
	} {
		cmd := exec.Command(grpcurl, "-plaintext", "-unix", "-d", "@", d.verifySocket(), "stella.v1.VerifyService/Verify")
		cmd.Stdin = strings.NewReader(`{"document":"` + c.document + `"}`)
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), c.wants) || (err != nil) != c.fails {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
}

// demoAppliance starts stellad with the trust of the demo, and gives the demo's bundle.
func demoAppliance(t testing.TB) (d *appliance, bundle string) {
	t.Helper()
	dir, demo := t.TempDir(), filepath.Join("..", "packaging", "demo")
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(filepath.Join(demo, "trust"))); err != nil {
		t.Fatal(err)
	}
	return startAppliance(t, dir), filepath.Join(demo, "sigstore-js.sigstore.json")
}
