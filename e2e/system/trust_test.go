//go:build system

package system

import (
	"fmt"
	"strings"
	"testing"
)

// demoDigest is of the package whose provenance the demo verifies.
const demoDigest = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"

func (m *machine) verify(user string) result {
	return m.as(user, "stella", "attest", "verify", "--bundle", "/srv/bundle.json", "--digest", demoDigest, "--socket", "/run/stella/verify.sock")
}

// wantVerdict waits for what a service's verification exits with: a change of the trust root takes a moment.
func wantVerdict(t *testing.T, m *machine, when string, status int) result {
	t.Helper()
	var r result
	eventually(t, when, func() error {
		if r = m.verify("sam"); r.status != status {
			return fmt.Errorf("want exit status %d: %v", status, r)
		}
		return nil
	})
	return r
}

// testTrust: with an empty trust root nothing is verified; what is laid there, changed or broken comes into force by
// itself, or does not, and the daemon tells.
func testTrust(t *testing.T, m *machine) {
	if r := m.verify("sam"); r.status == 0 || strings.Contains(r.out, "VERIFIED - ") {
		t.Fatalf("verified with no trust root: %v", r)
	}
	m.must(t, "cp /srv/trust/* /etc/stella/trust/")
	wantVerdict(t, m, "the trust root is taken up", 0)
	if r := m.verify("eve"); r.status == 0 || !strings.Contains(r.err, "verify.sock") {
		t.Errorf("somebody in no group: %v", r)
	}

	m.must(t, "sed -i 's/sigstore-js/another/' /etc/stella/trust/signers.toml")
	wantVerdict(t, m, "another signer is wanted", 3)
	m.must(t, "cp /srv/trust/signers.toml /etc/stella/trust/")
	wantVerdict(t, m, "the signer is accepted again", 0)

	m.must(t, "echo '{' >/etc/stella/trust/trusted_root.json")
	eventually(t, "the daemon tells of the broken trust root", func() error {
		if r := m.run("adminctl", "status"); !strings.Contains(r.out, "trusted_root.json") {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	wantVerdict(t, m, "a broken trust root leaves the one before in force", 0)
	m.must(t, "cp /srv/trust/* /etc/stella/trust/")
	eventually(t, "the trust root is whole again", func() error {
		if r := m.run("adminctl", "status"); strings.Contains(r.out, "trusted_root.json") {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}
