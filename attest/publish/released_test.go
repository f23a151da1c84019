package publish_test

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/trust"
)

// released holds what was made once: a bundle from before a rotation and one from
// after it, by different keys and authorities, with the trust that was published then.
// Releases to come must verify them.
const released = "testdata/released"

func makeReleased(t *testing.T) {
	t.Helper()
	s := newSite(t, newP256(t))
	before := s.bundle(t, start.AddDate(0, 1, 0))
	rotation := start.AddDate(1, 0, 0)
	s.rotate(t, "signing-2027", rotation)
	s.newAuthority(t, rotation)
	after := s.bundle(t, rotation.Add(time.Hour))
	must(t, os.CopyFS(filepath.Join(released, "trust"), os.DirFS(s.folder(t))))
	for name, text := range map[string][]byte{"before.sigstore.json": before, "after.sigstore.json": after, "artifact": artifact} {
		must(t, os.WriteFile(filepath.Join(released, name), text, 0o644))
	}
}

func TestReleased(t *testing.T) {
	if _, err := os.Stat(released); errors.Is(err, fs.ErrNotExist) && *update {
		makeReleased(t)
	}
	root, err := trust.Load(filepath.Join(released, "trust"))
	must(t, err)
	content, err := os.ReadFile(filepath.Join(released, "artifact"))
	must(t, err)
	sum := sha256.Sum256(content)
	for name, key := range map[string]string{"before": "signing-2026", "after": "signing-2027"} {
		text, err := os.ReadFile(filepath.Join(released, name+".sigstore.json"))
		must(t, err)
		docs, err := attest.Parse(text)
		must(t, err)
		v := attest.NewVerifier(root).Verify(docs[0], attest.Expect{
			PredicateType: predicateType, Artifact: &attest.Artifact{Kind: "file", Any: []attest.Digests{{crypto.SHA256: sum[:]}}},
		})
		if !v.Verified || !strings.HasSuffix(v.Established.Signer.Name, key) || len(v.Established.Logs) != 1 || len(v.Established.Times) != 1 {
			t.Errorf("%s: %s %+v", name, v.Reason, v.Established)
		}
	}
}
