package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"stellad/internal/vectors"
)

// vectorCase is a row of the manifests of published bundles.
type vectorCase struct {
	Case, Bundle, Artifact, Digest, Identity, Issuer, Key, Expect string
	TrustedRoot                                                   string `json:"trusted_root"`
}

// arguments are the command's, but for where the trust is.
func (c vectorCase) arguments(dir string) []string {
	args := []string{"attest", "verify", "-o", "json", "--bundle", filepath.Join(dir, c.Bundle)}
	if c.Artifact != "" {
		args = append(args, "--artifact", filepath.Join(dir, c.Artifact))
	} else {
		args = append(args, "--digest", c.Digest)
	}
	if c.Key != "" {
		return append(args, "--key", filepath.Join(dir, c.Key))
	}
	return append(args, "--certificate-identity", c.Identity, "--certificate-oidc-issuer", c.Issuer)
}

// TestCommandVectors gives the command the published bundles, one at a time and
// each with its trusted root in a folder of its own.
func TestCommandVectors(t *testing.T) {
	for _, folder := range []string{"sigstore", "cpython"} {
		dir := vectors.Dir(t, folder)
		var manifest struct{ Cases []vectorCase }
		vectors.Manifest(t, dir, &manifest)
		if len(manifest.Cases) == 0 {
			t.Fatalf("%s: no cases in the manifest", folder)
		}
		for _, c := range manifest.Cases {
			t.Run(folder+"/"+c.Case, func(t *testing.T) {
				args := append(c.arguments(dir), "--trust-root", trustRoot(t, filepath.Join(dir, c.TrustedRoot)))
				out, err := exec.Command("stella", args...).CombinedOutput()
				var exit *exec.ExitError
				switch {
				case c.Expect == "pass" && err != nil:
					t.Errorf("%v\n%s", err, out)
				case c.Expect == "fail" && (!errors.As(err, &exit) || exit.ExitCode() != refusal(c.Case)):
					t.Errorf("want exit %d, got %v\n%s", refusal(c.Case), err, out)
				}
			})
		}
	}
}

// refusal gives the status of a case that must fail: 3, but for what is refused
// before anything is judged (a broken trusted root or key, a bundle whose base64
// has line ends in it).
func refusal(name string) int {
	switch name {
	case "managed-key-wrong-key_fail", "rekor2-timestamp-with-incorrect-time_fail", "trust-root-tlog-missing-validity-start_fail":
		return 2
	}
	return 3
}

func trustRoot(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trusted_root.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
