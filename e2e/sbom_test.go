package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/sbom"
)

// TestSBOMArchive: an archive that the appliance signed verifies without it: by stella, by its script with stock tools and
// nothing else, and by stock cosign; with anything in it changed it does not, and by another's trust neither.
func TestSBOMArchive(t *testing.T) {
	k := startKeyed(t)
	k.keepTrust(t)
	k.archive(t, "a.tar.gz")
	if out := k.exits(t, 0, "unshare", "-rn", "stella", "sbom", "verify", "--offline", "--archive", "a.tar.gz", "--trust-root", "trust", "--artifact", "artifact", "--report", "r.html"); strings.Count(out, " pass ") != 9 {
		t.Errorf("%s", out)
	}
	k.unpack(t, "a.tar.gz", "a")
	k.script(t, 0, "a", "attestation-1")
	k.cosignType(t, 0, "a/statement.sigstore.json", "trust", "attestation-1", sbom.PredicateType)

	k.exits(t, 3, "stella", "sbom", "verify", "--archive", "a.tar.gz", "--trust-root", "trust", "--artifact", "a/metadata.json")
	entries, err := os.ReadDir(k.path("a"))
	must(t, err)
	for _, e := range entries {
		text, err := os.ReadFile(k.path("a/" + e.Name()))
		must(t, err)
		changed := append([]byte{}, text...)
		changed[len(changed)/2] ^= 1
		must(t, os.WriteFile(k.path("a/"+e.Name()), changed, 0o600))
		k.exits(t, 0, "sh", "-c", "cd a && tar --format=ustar --sort=none --owner=0 --group=0 --mtime=@0 --mode=0644 -czf ../changed.tar.gz "+strings.Join(archived, " "))
		if out := k.exits(t, 3, "stella", "sbom", "verify", "--archive", "changed.tar.gz", "--trust-root", "trust"); !strings.Contains(out, "fail") {
			t.Errorf("%s changed: %s", e.Name(), out)
		}
		if e.Name() != "verify.sh" { // a script that was changed is no check: ours is taken
			k.script(t, 1, "a", "attestation-1")
		}
		must(t, os.WriteFile(k.path("a/"+e.Name()), text, 0o600))
	}
	k.script(t, 0, "a", "attestation-1")
}

// TestSBOMArchiveOfAnother: the whole, made anew and signed with another's key, is not ours.
func TestSBOMArchiveOfAnother(t *testing.T) {
	k, other := startKeyed(t), startKeyed(t)
	k.keepTrust(t)
	other.archive(t, "a.tar.gz")
	must(t, os.CopyFS(k.path("foreign"), os.DirFS(other.made)))
	k.exits(t, 3, "stella", "sbom", "verify", "--archive", "foreign/a.tar.gz", "--trust-root", "trust")
	k.unpack(t, "foreign/a.tar.gz", "f")
	k.script(t, 1, "f", "attestation-1")
}

// archived are an archive's files, in its order.
var archived = []string{
	"sbom.cdx.json", "metadata.json", "VERIFY.md", "verify.sh", "manifest.json", "statement.json", "statement.pae", "statement.sig", "timestamp.tsr", "statement.sigstore.json",
}

// archive makes one of the demo's SBOM, of the artifact.
func (k keyed) archive(t *testing.T, out string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "sbom", "document", "testdata", "cyclonedx-1.6.json"))
	must(t, err)
	must(t, os.WriteFile(k.path("app.cdx.json"), text, 0o600))
	k.exits(t, 0, "sh", "-c", `stella sbom archive --sbom app.cdx.json --subject artifact=sha256:$(sha256sum artifact | cut -d' ' -f1) --key attestation-1 --out `+out)
}

// keepTrust puts what is published into trust, and the root of the timestamping authority into tsa.pem.
func (k keyed) keepTrust(t *testing.T) {
	t.Helper()
	k.exits(t, 0, "adminctl", "trust", "export", "--out", "trust")
	k.exits(t, 0, "sh", "-c", "adminctl key show timestamp-1 --chain >tsa.pem")
}

func (k keyed) unpack(t *testing.T, archive, dir string) {
	t.Helper()
	must(t, os.Mkdir(k.path(dir), 0o755))
	k.exits(t, 0, "tar", "-xzf", archive, "-C", dir)
}

// script runs the script that is released, with stock tools on PATH and no network.
func (k keyed) script(t *testing.T, status int, dir, key string) {
	t.Helper()
	must(t, os.WriteFile(k.path("verify.sh"), sbom.Script(), 0o600))
	k.exits(t, status, "unshare", "-rn", "env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", "cd "+dir+" && sh ../verify.sh ../trust/keys/"+key+".pem ../tsa.pem")
}
