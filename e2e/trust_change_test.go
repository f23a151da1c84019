package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrustChange: a verdict that is remembered goes with the trust that it stands on, whichever way that changes.
func TestTrustChange(t *testing.T) {
	dir := t.TempDir()
	demo := filepath.Join("..", "packaging", "demo")
	if err := os.CopyFS(filepath.Join(dir, "trust"), os.DirFS(filepath.Join(demo, "trust"))); err != nil {
		t.Fatal(err)
	}
	signers := filepath.Join(dir, "trust", "signers.toml")
	text, err := os.ReadFile(signers)
	if err != nil {
		t.Fatal(err)
	}
	d := startAppliance(t, dir)
	status := func() int {
		o, _ := outcomeOf(t, d.command("stella", "attest", "verify", "--bundle", filepath.Join(demo, "sigstore-js.sigstore.json"), "--digest", demoDigest, "-o", "json"))
		return o.Status
	}
	if got := status(); got != 0 {
		t.Fatalf("status %d with the demo's trust", got)
	}
	for _, change := range []struct {
		name, text, told string
		want             int
	}{
		{"another signer", strings.ReplaceAll(string(text), "sigstore-js", "sigstore-xx"), "in force since", 3},
		{"the first again", string(text), "in force since", 0},
		{"what can't be read", "[[signer", "stays in force", 0},
		{"another signer, once it can be read", strings.ReplaceAll(string(text), "sigstore-js", "sigstore-yy"), "in force since", 3},
	} {
		if err := os.WriteFile(signers, []byte(change.text), 0o600); err != nil {
			t.Fatal(err)
		}
		d.wait(t, change.name, func() bool {
			out, _ := d.command("adminctl", "status").Output()
			return strings.Contains(string(out), change.told) && status() == change.want
		})
	}
}
