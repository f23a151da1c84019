package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishedTrust lays what attest/publish makes of two keys, one of them compromised,
// beside an identity, a witness and a key with a number of proofs asked.
func publishedTrust(t *testing.T) {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("..", "attest", "publish", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, text []byte) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"keys-signing-2026.pem", "keys-signing-2027.pem", "logs-stella.example-audit.vkey", "logs-stella.example.vkey", "signers.toml", "trusted_root.json",
	} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		write("trust/"+strings.NewReplacer("keys-", "keys/", "logs-", "logs/").Replace(name), text)
		if name == "keys-signing-2027.pem" {
			write("trust/ci/keys/release.pem", text)
		}
	}
	write("other/signers.toml", []byte("[require]\nlog-entries = 0\ntimestamps = 1\n[[signer]]\nname = \"build\\u001b[31m\"\nidentity-regexp = '^[a-z]+@acme\\.example$'\nissuer = 'https://accounts.acme.example'\npredicate-types = ['https://slsa.dev/provenance/v1']\n"))
	write("other/logs/w.vkey", []byte("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n"))
	write("broken/keys/k.pem", []byte("no key"))
	t.Chdir(dir)
}

func TestTrustShowPrinted(t *testing.T) {
	publishedTrust(t)
	for line, want := range map[string]struct {
		file   string
		status int
	}{
		"trust show --trust-root trust":             {"trust-show.txt", 0},
		"trust show --trust-root trust -o json":     {"trust-show.json", 0},
		"trust show --trust-root other":             {"trust-show-other.txt", 0},
		"trust show --trust-root other -o json":     {"trust-show-other.json", 0},
		"trust show --trust-root broken":            {"", 2},
		"trust show --trust-root nowhere":           {"", 2},
		"trust show --trust-root trust more":        {"", 2},
		"trust show --trust-root trust --offline=0": {"", 2},
		"trust show --trust-root trust -o yaml":     {"", 2},
	} {
		stdout, stderr, exit := adminctl(t, line)
		if int(exit) != want.status || (want.status != 0) != (len(stderr) > 0) || want.status != 0 && len(stdout) > 0 {
			t.Errorf("%s: exit %d, want %d: %s", line, exit, want.status, stderr)
		}
		if want.file != "" {
			inTestdata(t, want.file, stdout)
		}
	}
}

// inTestdata is golden for a test that has left its folder.
var testdata, _ = filepath.Abs("testdata")

func inTestdata(t *testing.T, name string, got []byte) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(testdata))
	golden(t, name, got)
	t.Chdir(here)
}
