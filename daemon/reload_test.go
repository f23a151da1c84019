package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	stellav1 "stellad/api/stella/v1"
)

// signal has the daemon reload as SIGHUP does, and returns when that is done: the second is taken up after the first.
func (d *trial) signal() {
	d.reload <- syscall.SIGHUP
	d.reload <- syscall.SIGHUP
}

// uid is who runs the test, as a policy names users.
func uid() string { return fmt.Sprintf("uid:%d", os.Geteuid()) }

// verifies has the daemon verify the demo's bundle, and gives the trust root that the verdict stands on.
func (d *trial) verifies(t *testing.T) (trust string) {
	t.Helper()
	bundle, err := os.ReadFile(filepath.Join(demo, "sigstore-js.sigstore.json"))
	must(t, err)
	resp, err := stellav1.NewVerifyServiceClient(d.verify).Verify(t.Context(), &stellav1.VerifyRequest{Document: bundle})
	must(t, err)
	if !resp.GetVerified() {
		t.Fatalf("not verified: %s", resp.GetReason())
	}
	return resp.GetTrustSha256()
}

// part tells how a part stands, by the daemon's word.
func (d *trial) part(t *testing.T, name string) *stellav1.Part {
	t.Helper()
	resp, err := stellav1.NewStatusServiceClient(d.admin).Status(t.Context(), &stellav1.StatusRequest{})
	must(t, err)
	for _, p := range resp.GetParts() {
		if p.GetName() == name {
			return p
		}
	}
	t.Fatalf("no part %s", name)
	return nil
}

// inForce tells the policy's version and digest, by the daemon's word.
func (d *trial) inForce(t *testing.T) string {
	t.Helper()
	resp, err := stellav1.NewAccessServiceClient(d.admin).Matrix(t.Context(), &stellav1.MatrixRequest{})
	must(t, err)
	return fmt.Sprintf("%d %s", resp.GetVersion(), resp.GetSha256())
}

// TestReloadPolicy: a policy comes into force whole, or the one before stays, for all that it says; the daemon tells
// which, and the next good one ends it.
func TestReloadPolicy(t *testing.T) {
	d := start(t, nil)
	for range 5 {
		d.policy(t, "%s", rules("administrator"))
	}
	d.signal()
	before := d.inForce(t)
	if !strings.HasPrefix(before, "5 ") {
		t.Fatalf("in force is %s", before)
	}
	good := text(t, d.config.Access)
	denied := strings.Replace(good, "version = 5", "version = 6", 1) + "[deny.users]\n\"" + uid() + "\" = [\"access:read\"]\n"
	for name, text := range map[string]string{
		"empty":            "",
		"cut short":        denied[:len(denied)-3],
		"no permission":    denied + "\"uid:1\" = [\"access:raed\"]\n",
		"unknown key":      denied + "[extra]\n",
		"unknown user":     strings.Replace(denied, "uid:4242", "no-such-user", 1),
		"same version":     strings.Replace(denied, "version = 6", "version = 5", 1),
		"lower version":    strings.Replace(denied, "version = 6", "version = 4", 1),
		"no version":       strings.Replace(denied, "version = 6", "", 1),
		"nobody may mend":  strings.ReplaceAll(denied, "*:*", "status:read"),
		"two mebibytes":    denied + strings.Repeat("# much\n", 300_000),
		"not UTF-8":        denied + "# \xff\n",
		"a version to fit": strings.Replace(denied, "version = 6", "version = 99999999999999999999", 1),
	} {
		lay(t, d.config.Access, text)
		d.staysAt(t, name, before)
	}
	lay(t, d.config.Access+".open", denied)
	must(t, os.Chmod(d.config.Access+".open", 0o622))
	must(t, os.Rename(d.config.Access+".open", d.config.Access)) // in one step: the reload before may be under way
	d.staysAt(t, "others may write it", before)
	must(t, os.Rename(d.config.Access, d.config.Access+".away"))
	d.staysAt(t, "gone", before)
	must(t, os.Symlink(d.config.Access+".away", d.config.Access))
	d.staysAt(t, "a link", before)

	lay(t, d.config.Access, strings.Replace(good, "version = 5", "version = 6", 1))
	d.signal()
	if now := d.inForce(t); !strings.HasPrefix(now, "6 ") || !d.part(t, "access").GetOk() {
		t.Errorf("the next good one: %s, %v", now, d.part(t, "access"))
	}
}

func (d *trial) staysAt(t *testing.T, name, before string) {
	t.Helper()
	d.signal()
	if now := d.inForce(t); now != before {
		t.Errorf("%s: %s is in force, was %s", name, now, before)
	}
	if p := d.part(t, "access"); p.GetOk() || !strings.Contains(p.GetState(), "is refused: ") {
		t.Errorf("%s: told as %v", name, p)
	}
	_, err := stellav1.NewAccessServiceClient(d.admin).Reload(t.Context(), &stellav1.ReloadRequest{})
	if err == nil || strings.Contains(err.Error(), "failed inside") {
		t.Errorf("%s: a call of Reload ends with %v", name, err)
	}
}

// TestReloadParts: what one part refuses keeps no other from coming into force.
func TestReloadParts(t *testing.T) {
	d := start(t, nil)
	d.policy(t, "%s", rules("administrator"))
	d.signal()
	policy, trust := d.inForce(t), d.verifies(t)
	signers := filepath.Join(d.config.Trust, "signers.toml")
	good := text(t, signers)

	lay(t, d.config.Access, "nonsense")
	lay(t, signers, good+"# as before\n")
	d.signal()
	if now := d.verifies(t); now == trust {
		t.Error("a policy that is refused kept a trust root out")
	} else {
		trust = now
	}
	if now := d.inForce(t); now != policy {
		t.Errorf("%s is in force, was %s", now, policy)
	}

	d.policy(t, "%s", rules("operator"))
	lay(t, signers, "[[signer]")
	d.signal()
	if now := d.verifies(t); now != trust {
		t.Errorf("the trust root is %s, was %s", now, trust)
	}
	if now := d.inForce(t); now == policy {
		t.Error("a trust root that is refused kept a policy out")
	}
	if d.part(t, "trust").GetOk() || !d.part(t, "access").GetOk() {
		t.Errorf("told as %v and %v", d.part(t, "trust"), d.part(t, "access"))
	}
	if err := d.daemon.Reload(t.Context()); err == nil {
		t.Error("a reload that left the trust root as it was says nothing of it")
	}
}
