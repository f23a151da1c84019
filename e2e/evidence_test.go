package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/evidence/bundle"
)

// TestEvidenceBundle: what the appliance exports verifies without it, by stella, by its script with stock tools, and by
// stock cosign; another appliance that believes its keys takes it in, whole or not at all.
func TestEvidenceBundle(t *testing.T) {
	k, second := startKeyed(t), startKeyed(t)
	k.keepTrust(t)
	k.gather(t)
	k.exits(t, 0, "stella", "evidence", "export", "--artifact", k.subject(t)[:20], "--out", "b.tar.gz")
	out := k.exits(t, 0, "unshare", "-rn", "stella", "attest", "verify", "--offline", "--bundle", "b.tar.gz", "--trust-root", "trust", "--artifact", "artifact", "--report", "r.html")
	if strings.Count(out, " pass ") != 9+4 {
		t.Errorf("%s", out)
	}
	k.unpack(t, "b.tar.gz", "b")
	k.bundleScript(t, 0)
	k.cosignBundle(t)

	must(t, os.CopyFS(second.path("from"), os.DirFS(k.made)))
	second.exits(t, 3, "adminctl", "evidence", "import", "from/b.tar.gz") // it is a stranger's
	if out := second.exits(t, 0, "stella", "evidence", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("refused, and kept: %s", out)
	}
	second.exits(t, 0, "adminctl", "trust", "import", "from/trust", "--as", "first", "--trust-root", filepath.Join(second.dir, "trust"))
	second.wait(t, "import", func() bool {
		return second.inMade("adminctl", "evidence", "import", "from/b.tar.gz").Run() == nil
	})
	if out := second.exits(t, 0, "adminctl", "evidence", "import", "from/b.tar.gz"); !strings.Contains(out, "0 new, 4 known already; 2 of them verify here") {
		t.Errorf("%s", out)
	}
	if out := second.exits(t, 0, "stella", "evidence", "list", "--artifact", k.subject(t)); strings.Count(out, "\n") != 5 {
		t.Errorf("%s", out)
	}
}

// TestEvidenceAltered: each file of a bundle that is changed, in turn, is found, and nothing of it is imported.
func TestEvidenceAltered(t *testing.T) {
	k := startKeyed(t)
	k.keepTrust(t)
	k.gather(t)
	k.exits(t, 0, "stella", "evidence", "export", "--artifact", k.subject(t), "--out", "b.tar.gz")
	k.unpack(t, "b.tar.gz", "b")
	names := strings.Fields(k.exits(t, 0, "tar", "-tzf", "b.tar.gz"))
	before := k.exits(t, 0, "stella", "evidence", "list")
	for i, name := range names {
		if i >= 8 && i%5 != 0 { // those of which there are several sorts
			continue
		}
		text, err := os.ReadFile(k.path("b/" + name))
		must(t, err)
		changed := append([]byte{}, text...)
		changed[len(changed)/2] ^= 1
		must(t, os.WriteFile(k.path("b/"+name), changed, 0o600))
		must(t, os.WriteFile(k.path("names"), []byte(strings.Join(names, "\n")), 0o600))
		k.exits(t, 0, "sh", "-c", "cd b && tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -cf - -T ../names | gzip -n >../changed.tar.gz")
		if out := k.exits(t, 3, "stella", "attest", "verify", "--bundle", "changed.tar.gz", "--trust-root", "trust"); !strings.Contains(out, "fail") {
			t.Errorf("%s changed: %s", name, out)
		}
		k.exits(t, 3, "adminctl", "evidence", "import", "changed.tar.gz")
		if name != "verify.sh" {
			k.bundleScript(t, 1)
		}
		must(t, os.WriteFile(k.path("b/"+name), text, 0o600))
	}
	k.bundleScript(t, 0)
	if after := k.exits(t, 0, "stella", "evidence", "list"); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

// TestAttestationBundle is the demo's: what is signed is a bundle by default, and the same command gives it again.
func TestAttestationBundle(t *testing.T) {
	k := startKeyed(t)
	k.exits(t, 0, "stella", "attest", "sign", "--subject", k.subject(t), "--key", "attestation-1")
	if out := k.exits(t, 0, "stella", "attest", "verify", "--bundle", "new-attestation.tar.gz"); !strings.Contains(out, "VERIFIED - new-attestation.tar.gz") {
		t.Errorf("%s", out)
	}
	if out := k.exits(t, 0, "stella", "attest", "sign", "--subject", k.subject(t), "--key", "attestation-1"); !strings.Contains(out, "where it was already") {
		t.Errorf("%s", out)
	}
	k.exits(t, 2, "stella", "attest", "sign", "--subject", k.subject(t), "--why", "another", "--key", "attestation-1")
	k.exits(t, 2, "stella", "sbom", "verify", "--archive", "artifact", "--bundle", "x")
	k.exits(t, 3, "stella", "sbom", "verify", "--archive", "new-attestation.tar.gz")
	k.exits(t, 2, "stella", "evidence", "add", "new-attestation.tar.gz")
}

// gather adds evidence of the artifact: an attestation, an SBOM archive, an SBOM and a VEX document.
func (k keyed) gather(t *testing.T) {
	t.Helper()
	k.archive(t, "sbom.tar.gz")
	k.exits(t, 0, "stella", "attest", "sign", "--subject-file", "artifact", "--key", "attestation-1", "--out", "a.sigstore.json")
	must(t, os.WriteFile(k.path("vex.json"), []byte(`{"@context":"https://openvex.dev/ns/v0.2.0"}`), 0o600))
	out := k.exits(t, 0, "stella", "evidence", "add", "sbom.tar.gz", "a.sigstore.json", "app.cdx.json", "vex.json", "--artifact", k.subject(t))
	if strings.Count(out, "added ") != 4 || strings.Count(out, " verified ") != 2 {
		t.Fatalf("%s", out)
	}
}

func (k keyed) subject(t *testing.T) string {
	t.Helper()
	return "sha256:" + strings.Fields(k.exits(t, 0, "sha256sum", "artifact"))[0]
}

// bundleScript runs the script that is released, with stock tools on PATH and no network.
func (k keyed) bundleScript(t *testing.T, status int) {
	t.Helper()
	must(t, os.WriteFile(k.path("verify-bundle.sh"), bundle.Script(), 0o600))
	k.exits(t, status, "unshare", "-rn", "env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", "cd b && sh ../verify-bundle.sh ../trust/keys/attestation-1.pem ../tsa.pem")
}

// cosignBundle has stock cosign verify the manifest, and the attestation that lies in the bundle.
func (k keyed) cosignBundle(t *testing.T) {
	t.Helper()
	must(t, os.Rename(k.path("artifact"), k.path("artifact.kept")))
	must(t, os.Rename(k.path("b/manifest.json"), k.path("artifact")))
	k.cosignType(t, 0, "b/manifest.sigstore.json", "trust", "attestation-1", bundle.PredicateType)
	must(t, os.Rename(k.path("artifact"), k.path("b/manifest.json")))
	must(t, os.Rename(k.path("artifact.kept"), k.path("artifact")))
	inner, err := filepath.Glob(k.path("b/evidence/*.sigstore-bundle"))
	must(t, err)
	for _, name := range inner {
		k.cosign(t, 0, name, "trust", "attestation-1")
	}
}
