package publish_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"stellad/attest/sign"
)

// cosigned is what stock cosign is asked, as files.
type cosigned struct{ bundle, root, key, kind, artifact string }

// run asks stock cosign in a network namespace of its own, where there is no network.
func (c cosigned) run(t *testing.T) (string, error) {
	t.Helper()
	cosign, err := filepath.Abs(filepath.Join("..", "..", "build", "tools", "cosign"))
	must(t, err)
	if _, err := os.Stat(cosign); err != nil {
		t.Fatal("no cosign: make test builds it")
	}
	cut := "-rn"
	if os.Geteuid() == 0 {
		cut = "-n"
	}
	cmd := exec.Command("unshare", cut, cosign, "verify-blob-attestation", "--bundle", c.bundle, "--trusted-root", c.root,
		"--key", c.key, "--use-signed-timestamps", "--type", c.kind, c.artifact)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "SIGSTORE_NO_CACHE=true")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func writeFile(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	must(t, os.WriteFile(file, content, 0o644))
	return file
}

// TestCosign: stock cosign verifies what is made by what is published, and nothing
// else: whatever is changed, exactly that refuses.
func TestCosign(t *testing.T) {
	for name, logKey := range logKeys(t) {
		t.Run(name, func(t *testing.T) {
			s, dir := newSite(t, logKey), t.TempDir()
			folder := s.folder(t)
			good := cosigned{
				bundle: writeFile(t, dir, "bundle.json", s.bundle(t, start.AddDate(0, 1, 0))), root: filepath.Join(folder, "trusted_root.json"),
				key: filepath.Join(folder, "keys", "signing-2026.pem"), kind: predicateType, artifact: writeFile(t, dir, "artifact", artifact),
			}
			if out, err := good.run(t); err != nil || !strings.Contains(out, "Verified OK") {
				t.Fatalf("%v\n%s", err, out)
			}
			for what, c := range refusals(t, s, good, dir) {
				out, err := c.run(t)
				if err == nil || strings.Contains(out, "Verified OK") || reasons[what] == "" || !strings.Contains(out, reasons[what]) {
					t.Errorf("%s: want a refusal that says %q, got %v\n%s", what, reasons[what], err, out)
				}
			}
		})
	}
}

// reasons are what cosign 3.1.3 says, so that nothing is refused for something else.
var reasons = map[string]string{
	"another key of the log":         "not enough verified log entries",
	"another name":                   "failed to verify log inclusion",
	"no entry":                       "not enough verified log entries",
	"no proof":                       "--new-bundle-format", // it takes it for no bundle
	"another authority":              "certificate embedded in the TSR does not match",
	"an authority from later":        "timestamp is before the validity period start",
	"no timestamp":                   "threshold not met for verified signed timestamps",
	"a timestamp of another message": "threshold not met for verified signed timestamps",
	"another key":                    "verifying inclusion: calculated root",
	"another signature":              "verifying inclusion: calculated root",
	"another payload":                "verifying inclusion: calculated root",
	"an altered proof":               "verifying inclusion: calculated root",
	"another index":                  "verifying inclusion: wrong proof size",
	"another checkpoint":             "unverified checkpoint signature",
	"another type":                   "invalid predicate type",
	"another artifact":               "provided artifact digests do not match digests in statement",
}

// refusals are the good question with one thing changed in each.
func refusals(t *testing.T, s *site, good cosigned, dir string) map[string]cosigned {
	t.Helper()
	all := map[string]cosigned{}
	with := func(what string, change func(*cosigned)) {
		c := good
		change(&c)
		all[what] = c
	}
	root := func(what string, change func(*site)) {
		other := *s
		other.Logs, other.Timestampers = bytesOf(s.Logs), bytesOf(s.Timestampers)
		change(&other)
		with(what, func(c *cosigned) { c.root = filepath.Join(other.folder(t), "trusted_root.json") })
	}
	stranger := newSite(t, edKey(9))
	root("another key of the log", func(o *site) { o.Logs[0].Public = edKey(9).Public() })
	root("another authority", func(o *site) { o.Timestampers = stranger.Timestampers })
	root("an authority from later", func(o *site) { o.Timestampers[0].From = start.AddDate(0, 6, 0) })
	root("another name", func(o *site) { o.Name = "other.example" })
	with("another key", func(c *cosigned) {
		c.key = writeFile(t, dir, "other.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(t, newP256(t).Public())}))
	})
	with("another type", func(c *cosigned) { c.kind = "https://example.test/other" })
	with("another artifact", func(c *cosigned) { c.artifact = writeFile(t, dir, "other", []byte("what was not built")) })
	text, err := os.ReadFile(good.bundle)
	must(t, err)
	for what, change := range alterations {
		var b protobundle.Bundle
		must(t, protojson.Unmarshal(text, &b))
		change(&b)
		changed, err := protojson.Marshal(&b)
		must(t, err)
		with(what, func(c *cosigned) { c.bundle = writeFile(t, dir, strings.ReplaceAll(what, " ", "-"), changed) })
	}
	return all
}

func bytesOf[T any](list []T) []T { return append([]T{}, list...) }

// alterations are changes of a bundle that cosign looks at.
var alterations = map[string]func(*protobundle.Bundle){
	"an altered proof": func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.Hashes[0][0] ^= 1 },
	"another index":    func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].LogIndex = 1 },
	"no proof":         func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof = nil },
	"no entry":         func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil },
	"no timestamp":     func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil },
	"another signature": func(b *protobundle.Bundle) {
		b.GetDsseEnvelope().Signatures[0].Sig[20] ^= 1
	},
	"another payload": func(b *protobundle.Bundle) {
		e := b.GetDsseEnvelope()
		e.Payload = bytes.Replace(e.Payload, []byte("true"), []byte("null"), 1)
	},
	"another checkpoint": func(b *protobundle.Bundle) {
		c := b.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint
		c.Envelope = strings.Replace(c.Envelope, "\n3\n", "\n4\n", 1)
	},
	"a timestamp of another message": func(b *protobundle.Bundle) {
		stamp := b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp
		stamp[len(stamp)-8] ^= 1
	},
}

// TestCosignEndorsement: what is signed where nothing else is said, by the second
// key, after a rotation.
func TestCosignEndorsement(t *testing.T) {
	s, dir := newSite(t, edKey(1)), t.TempDir()
	s.rotate(t, "signing-2027", start.AddDate(0, 6, 0))
	s.newAuthority(t, start.AddDate(0, 6, 0))
	at := start.AddDate(0, 7, 0)
	p, err := sign.Endorsement{Who: s.Name, When: at, Why: "release 7"}.Predicate()
	must(t, err)
	statement, err := sign.NewStatement(subjects(), p)
	must(t, err)
	e, err := sign.Sign(s.key, statement)
	must(t, err)
	stamp, err := s.tsa.Stamp(e.Signature(), at, time.Second)
	must(t, err)
	text, err := e.Bundle(sign.Evidence{Log: s.log.VerifierKey(), Proof: s.prove(t, e.Entry()), Stamps: [][]byte{stamp}}, s.verifier(t))
	must(t, err)
	folder := s.folder(t)
	c := cosigned{
		bundle: writeFile(t, dir, "bundle.json", text), root: filepath.Join(folder, "trusted_root.json"),
		key: filepath.Join(folder, "keys", "signing-2027.pem"), kind: sign.EndorsementType, artifact: writeFile(t, dir, "artifact", artifact),
	}
	if out, err := c.run(t); err != nil || !strings.Contains(out, "Verified OK") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestOpenSSL: without any of this, with OpenSSL alone: the signature over the PAE,
// and the timestamp over the signature.
func TestOpenSSL(t *testing.T) {
	s, dir := newSite(t, edKey(1)), t.TempDir()
	m := s.make(t, start.AddDate(0, 1, 0))
	key := filepath.Join(s.folder(t), "keys", "signing-2026.pem")
	pae, sig := writeFile(t, dir, "pae", m.PAE()), writeFile(t, dir, "sig", m.Signature())
	changed := writeFile(t, dir, "changed", append(m.PAE(), ' '))
	stamp := writeFile(t, dir, "stamp", m.Stamps[0])
	ca := writeFile(t, dir, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Timestampers[0].Root.Raw}))
	for _, c := range []struct {
		args  []string
		holds bool
	}{
		{[]string{"dgst", "-sha256", "-verify", key, "-signature", sig, pae}, true},
		{[]string{"dgst", "-sha256", "-verify", key, "-signature", sig, changed}, false},
		{[]string{"ts", "-verify", "-data", sig, "-in", stamp, "-CAfile", ca, "-attime", "1775000000"}, true},
		{[]string{"ts", "-verify", "-data", pae, "-in", stamp, "-CAfile", ca, "-attime", "1775000000"}, false},
	} {
		out, err := exec.Command("openssl", c.args...).CombinedOutput()
		if (err == nil) != c.holds {
			t.Errorf("openssl %s: %v\n%s", strings.Join(c.args, " "), err, out)
		}
	}
}
