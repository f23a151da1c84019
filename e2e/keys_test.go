package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stellad/attest/sign"
)

// A keyed appliance has its keys in a token, and what a test made with it in a folder.
type keyed struct {
	*appliance
	made string
}

// startKeyed starts an appliance that has its keys in place.
func startKeyed(t *testing.T) keyed {
	t.Helper()
	dir, err := os.MkdirTemp("", "k") // a socket's name is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	k := keyed{startAppliance(t, dir), t.TempDir()}
	if out := k.exits(t, 0, "adminctl", "status"); !strings.Contains(out, "ok  keys ") || !strings.Contains(out, "token:stella-dev") {
		t.Fatalf("no keys in a token:\n%s", out)
	}
	must(t, os.WriteFile(k.path("artifact"), []byte("what was built"), 0o600))
	return k
}

func (k keyed) path(name string) string { return filepath.Join(k.made, name) }

// inMade is a command in the folder.
func (k keyed) inMade(args ...string) *exec.Cmd {
	cmd := k.command(args...)
	cmd.Dir = k.made
	cmd.Env = append(cmd.Env, "HOME="+k.made, "SIGSTORE_NO_CACHE=true")
	return cmd
}

// exits runs a command in the folder, which must end with a status, and gives what it said.
func (k keyed) exits(t *testing.T, status int, args ...string) string {
	t.Helper()
	cmd := k.inMade(args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Errorf("%s: %v, not %d\n%s", strings.Join(args, " "), err, status, out)
	}
	return string(out)
}

// cosign asks stock cosign, with no network, about an endorsement that a key signed, by the trust root in a folder.
func (k keyed) cosign(t *testing.T, status int, bundle, root, key string) {
	t.Helper()
	k.cosignType(t, status, bundle, root, key, sign.EndorsementType)
}

func (k keyed) cosignType(t *testing.T, status int, bundle, root, key, predicateType string) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "build", "tools", "cosign"))
	must(t, err)
	k.exits(t, status, "unshare", "-rn", program, "verify-blob-attestation", "--bundle", bundle, "--trusted-root", filepath.Join(root, "trusted_root.json"),
		"--key", filepath.Join(root, "keys", key+".pem"), "--use-signed-timestamps", "--type", predicateType, "artifact")
}

// stella asks our own verifier, with no network and no daemon.
func (k keyed) stella(t *testing.T, status int, bundle, root string) string {
	t.Helper()
	return k.exits(t, status, "unshare", "-rn", "stella", "attest", "verify", "--offline", "--bundle", bundle, "--trust-root", root, "--artifact", "artifact")
}

// TestKeyRotation is what a customer is shown: a key is rotated in the token, and what was signed before it and after
// verifies with what is published, by stock cosign and by us; with the old key marked compromised, exactly its signatures
// fall.
func TestKeyRotation(t *testing.T) {
	k := startKeyed(t)
	if out := k.exits(t, 0, "stella", "key", "list", "--active"); strings.Count(out, " active ") != 4 {
		t.Errorf("%s", out)
	}
	signWith := func(key, out string) {
		k.exits(t, 0, "stella", "attest", "sign", "--subject-file", "artifact", "--key", key, "--out", out)
	}
	signWith("attestation-1", "before.json")
	if out := k.exits(t, 0, "stella", "key", "rotate", "--new-key-label", "signing-2027", "--hsm-slot", "0"); !strings.Contains(out, "1 signature by attestation-1 verified again") {
		t.Errorf("%s", out)
	}
	signWith("signing-2027", "after.json")
	k.exits(t, 2, "stella", "attest", "sign", "--subject-file", "artifact", "--key", "attestation-1", "--why", "too late", "--out", "late.json")
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "trust")
	for bundle, key := range map[string]string{"before.json": "attestation-1", "after.json": "signing-2027"} {
		k.cosign(t, 0, bundle, "trust", key)
		k.stella(t, 0, bundle, "trust")
	}
	k.cosign(t, 1, "before.json", "trust", "signing-2027")
	k.cosign(t, 1, "after.json", "trust", "attestation-1")

	k.exits(t, 0, "adminctl", "key", "mark-compromised", "attestation-1", "--since", "1h", "--reason", "a laptop was lost")
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "later")
	if out := k.stella(t, 3, "before.json", "later"); !strings.Contains(out, "compromised from") {
		t.Errorf("%s", out)
	}
	k.stella(t, 0, "after.json", "later")

	k.exits(t, 2, "adminctl", "key", "destroy", "signing-2027") // it is in use
	k.exits(t, 0, "adminctl", "key", "destroy", "attestation-1")
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "last")
	k.stella(t, 0, "before.json", "trust")
	k.stella(t, 3, "before.json", "last")
	k.cosign(t, 0, "after.json", "last", "signing-2027")
	k.stop(t)
	k.exits(t, 0, "stellad", "check", "--dev", k.dir)
}

// TestForeignTrust: another appliance's log, authority and keys vouch for nothing here, and neither does a bundle of which
// the proof was altered.
func TestForeignTrust(t *testing.T) {
	k, other := startKeyed(t), startKeyed(t)
	k.exits(t, 0, "stella", "attest", "sign", "--subject-file", "artifact", "--key", "attestation-1", "--out", "bundle.json")
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "trust")
	other.exits(t, 0, "adminctl", "trust", "export", "--out", k.path("foreign"))
	k.cosign(t, 1, "bundle.json", "foreign", "attestation-1")
	k.stella(t, 3, "bundle.json", "foreign")

	must(t, os.CopyFS(k.path("mixed"), os.DirFS(k.path("foreign")))) // our key, their log and authority
	for _, name := range []string{"keys/attestation-1.pem", "signers.toml"} {
		text, err := os.ReadFile(k.path("trust/" + name))
		must(t, err)
		must(t, os.WriteFile(k.path("mixed/"+name), text, 0o600))
	}
	k.cosign(t, 1, "bundle.json", "mixed", "attestation-1")
	k.stella(t, 3, "bundle.json", "mixed")

	bundle, err := os.ReadFile(k.path("bundle.json"))
	must(t, err)
	const head = `"envelope":"dev.stella.invalid\n1\n`
	at := bytes.Index(bundle, []byte(head)) + len(head)
	bundle[at] = 'A' + (bundle[at]-'A'+1)%26 // of the checkpoint's root
	must(t, os.WriteFile(k.path("altered.json"), bundle, 0o600))
	k.stella(t, 3, "altered.json", "trust")
	k.cosign(t, 1, "altered.json", "trust", "attestation-1")
}

// TestTimestamps: openssl takes the appliance's tokens by the certificates that it publishes.
func TestTimestamps(t *testing.T) {
	k := startKeyed(t)
	k.exits(t, 0, "openssl", "ts", "-query", "-data", "artifact", "-sha384", "-cert", "-out", "query.tsq")
	k.exits(t, 0, "stella", "timestamp", "request", "--query", "query.tsq", "--out", "by-query.tsr")
	k.exits(t, 0, "stella", "timestamp", "request", "--data", "artifact", "--out", "by-data.tsr")
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "trust")
	chain := k.exits(t, 0, "adminctl", "key", "show", "timestamp-1", "--chain")
	k.exits(t, 2, "adminctl", "key", "show", "log-1", "--chain")
	leaf, root, _ := strings.Cut(chain, "-----END CERTIFICATE-----\n")
	must(t, os.WriteFile(k.path("leaf.pem"), []byte(leaf+"-----END CERTIFICATE-----\n"), 0o600))
	must(t, os.WriteFile(k.path("root.pem"), []byte(root), 0o600))
	for _, token := range []string{"by-query.tsr", "by-data.tsr"} {
		k.exits(t, 0, "openssl", "ts", "-verify", "-data", "artifact", "-in", token, "-CAfile", "root.pem", "-untrusted", "leaf.pem")
		k.exits(t, 0, "stella", "timestamp", "verify", "--token", token, "--data", "artifact", "--trust-root", "trust")
		k.exits(t, 3, "stella", "timestamp", "verify", "--token", token, "--data", "query.tsq", "--trust-root", "trust")
	}
}

// TestHSMGone: without its token an appliance verifies and lists its keys, and signs nothing: exit 7, soon.
func TestHSMGone(t *testing.T) {
	k := startKeyed(t)
	k.exits(t, 0, "stella", "attest", "sign", "--subject-file", "artifact", "--key", "attestation-1", "--out", "bundle.json")
	must(t, exec.Command("mv", filepath.Join(k.dir, "state", "hsm", "tokens"), filepath.Join(k.dir, "away")).Run())
	out := k.exits(t, 7, "stella", "attest", "sign", "--subject-file", "artifact", "--key", "attestation-1", "--why", "now", "--out", "second.json")
	if !strings.Contains(out, "HSM unavailable") {
		t.Errorf("%s", out)
	}
	k.exits(t, 0, "stella", "key", "list")
	k.stella(t, 0, "bundle.json", filepath.Join(k.dir, "state", "trust"))
	must(t, exec.Command("mv", filepath.Join(k.dir, "away"), filepath.Join(k.dir, "state", "hsm", "tokens")).Run())
	k.wait(t, "signature", func() bool {
		cmd := k.command("stella", "attest", "sign", "--subject-file", k.path("artifact"), "--key", "attestation-1", "--why", "again", "--out", k.path("third.json"))
		return cmd.Run() == nil
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
