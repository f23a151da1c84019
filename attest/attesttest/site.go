// Package attesttest makes whole appliances for tests: keys, a signature log and a
// timestamping authority in memory, and the trust that they publish.
package attesttest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/publish"
	"stellad/attest/sealed"
	"stellad/attest/siglog"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/attest/tsa"
	"stellad/tlog"
)

// Start is when every appliance here began, and Signed when what it signs is stamped.
// Nothing asks a clock.
var (
	Start  = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	Signed = time.Date(2026, 4, 9, 10, 11, 12, 0, time.UTC)
)

// Site is an appliance.
type Site struct {
	publish.Appliance
	t     testing.TB
	key   crypto.Signer
	log   *tlog.NoteSigner
	tsa   *tsa.Authority
	tiles map[string][]byte
	state siglog.State
}

// NewSite makes the appliance that a seed stands for: the same seed gives the same keys.
// Random are the serials of its authority's certificates and tokens alone.
func NewSite(t testing.TB, seed byte) *Site {
	t.Helper()
	s := &Site{t: t, tiles: map[string][]byte{}, state: siglog.State{Root: tlog.EmptyRoot()}, Appliance: publish.Appliance{Name: "stella.example"}}
	s.key = P256(t, fmt.Sprint("signing", seed))
	s.Keys = []publish.Key{{Label: "signing", Public: s.key.Public(), Span: trust.Span{From: Start}}}
	logKey := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	s.Logs = []publish.Log{{Public: logKey.Public(), From: Start}}
	s.Audit = []crypto.PublicKey{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed + 1}, ed25519.SeedSize)).Public()}
	var err error
	s.log, err = tlog.NewNoteSigner(s.Name, logKey)
	Must(t, err)
	s.newAuthority(P256(t, fmt.Sprint("root", seed)), P256(t, fmt.Sprint("stamps", seed)))
	return s
}

func (s *Site) newAuthority(rootKey, key crypto.Signer) {
	s.t.Helper()
	v := tsa.Validity{From: Start, Until: Start.AddDate(20, 0, 0)}
	root, err := tsa.NewRoot(rootKey, s.Name, v)
	Must(s.t, err)
	leaf, err := tsa.NewLeaf(root, rootKey, key.Public(), s.Name, v)
	Must(s.t, err)
	s.tsa, err = tsa.NewAuthority(key, leaf, root)
	Must(s.t, err)
	s.Timestampers = []publish.Timestamper{{Leaf: leaf, Root: root, From: Start}}
}

// Must ends a test where there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// P256 gives the key that a text stands for. Its signatures are those of RFC 6979: the
// same message gives the same signature.
func P256(t testing.TB, seed string) crypto.Signer {
	t.Helper()
	sum := sha256.Sum256([]byte(seed))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	Must(t, err)
	return steady{key}
}

type steady struct{ *ecdsa.PrivateKey }

func (s steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}

func (s *Site) read(tile tlog.Tile) ([]byte, error) {
	content, ok := s.tiles[fmt.Sprint(tile.Level, "/", tile.Index)]
	if !ok {
		return nil, fmt.Errorf("no %s", tile.Path())
	}
	if tile.Level >= 0 {
		content = content[:min(len(content), 32*tile.Width)]
	}
	return content, nil
}

// prove logs an entry and gives the proof of it.
func (s *Site) prove(entry []byte) *tlog.Proof {
	s.t.Helper()
	g, err := siglog.Append(s.state, s.read, entry)
	Must(s.t, err)
	for _, c := range g.Changed {
		s.tiles[fmt.Sprint(c.Level, "/", c.Index)] = c.Bytes
	}
	s.state = g.State
	checkpoint, err := s.log.SignCheckpoint(tlog.Checkpoint{Origin: s.Name, Size: s.state.Size, Root: s.state.Root})
	Must(s.t, err)
	p, err := siglog.Prove(g.First, checkpoint, s.log.VerifierKey(), s.read)
	Must(s.t, err)
	return p
}

// Bundle signs, logs and stamps a statement as the daemon does.
func (s *Site) Bundle(subjects []attest.Subject, p sign.Predicate) []byte {
	s.t.Helper()
	statement, err := sign.NewStatement(subjects, p)
	Must(s.t, err)
	e, err := sign.Sign(s.key, statement)
	Must(s.t, err)
	stamp, err := s.tsa.Stamp(e.Signature(), Signed, time.Second)
	Must(s.t, err)
	text, err := e.Bundle(sign.Evidence{Log: s.log.VerifierKey(), Proof: s.prove(e.Entry()), Stamps: [][]byte{stamp}}, s.Verifier())
	Must(s.t, err)
	return text
}

// Seal signs a statement and gives what stands for it in an archive: statement, PAE, signature, timestamp, Sigstore bundle.
func (s *Site) Seal(subjects []attest.Subject, p sign.Predicate) [5][]byte {
	bundle := s.Bundle(subjects, p)
	_, sides, err := sealed.Open(bundle)
	Must(s.t, err)
	return [5][]byte{sides.Statement, sides.PAE, sides.Signature, sides.Tokens[0], bundle}
}

// Trust is what the appliance publishes.
func (s *Site) Trust() *trust.Trust {
	s.t.Helper()
	files, err := s.Files()
	Must(s.t, err)
	read, err := trust.Parse(files)
	Must(s.t, err)
	return read
}

// Verifier trusts what the appliance publishes.
func (s *Site) Verifier() *attest.Verifier {
	s.t.Helper()
	return attest.NewVerifier(s.Trust())
}

// Folder writes what the appliance publishes, and the two files that a shell script takes:
// PUBLIC_KEY.pem and TSA_ROOT.pem.
func (s *Site) Folder() string {
	s.t.Helper()
	files, err := s.Files()
	Must(s.t, err)
	dir := s.t.TempDir()
	for _, f := range files {
		s.put(dir, "trust/"+f.Name, f.Bytes)
	}
	spki, err := x509.MarshalPKIXPublicKey(s.key.Public())
	Must(s.t, err)
	s.put(dir, "PUBLIC_KEY.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	s.put(dir, "TSA_ROOT.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Timestampers[0].Root.Raw}))
	return dir
}

func (s *Site) put(dir, name string, content []byte) {
	s.t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	Must(s.t, os.MkdirAll(filepath.Dir(name), 0o755))
	Must(s.t, os.WriteFile(name, content, 0o600))
}

// SubjectOf names content by its SHA-256.
func SubjectOf(name string, content []byte) attest.Subject {
	sum := sha256.Sum256(content)
	return attest.Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
}

// ArtifactOf is content that somebody has at hand.
func ArtifactOf(content []byte) *attest.Artifact {
	sum := sha256.Sum256(content)
	return &attest.Artifact{Kind: "file", Any: []attest.Digests{{crypto.SHA256: sum[:]}}}
}
