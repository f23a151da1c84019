package publish_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/publish"
	"stellad/attest/siglog"
	"stellad/attest/sign"
	"stellad/attest/trust"
	"stellad/attest/tsa"
	"stellad/tlog"
)

// start is when the appliance of the tests began. Nothing asks a clock, so that it
// may be at any time.
var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newP256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// site is an appliance: its keys, its log with the tiles of it, its authority.
type site struct {
	publish.Appliance
	key   *ecdsa.PrivateKey // that signs now
	log   *tlog.NoteSigner
	tsa   *tsa.Authority
	tiles map[string][]byte
	state siglog.State
}

// newSite makes an appliance whose log signs with the key given.
func newSite(t testing.TB, logKey crypto.Signer) *site {
	t.Helper()
	s := &site{tiles: map[string][]byte{}, state: siglog.State{Root: tlog.EmptyRoot()}, Appliance: publish.Appliance{Name: "stella.example"}}
	var err error
	s.log, err = tlog.NewNoteSigner(s.Name, logKey)
	must(t, err)
	s.Logs = []publish.Log{{Public: logKey.Public(), From: start}}
	audit, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	s.Audit = []crypto.PublicKey{audit}
	s.rotate(t, "signing-2026", start)
	s.newAuthority(t, start)
	s.take(t, []byte("an entry before"), []byte("another entry"))
	return s
}

// newAuthority puts another timestamping authority in use.
func (s *site) newAuthority(t testing.TB, from time.Time) {
	t.Helper()
	rootKey, key := newP256(t), newP256(t)
	v := tsa.Validity{From: from, Until: from.AddDate(10, 0, 0)}
	root, err := tsa.NewRoot(rootKey, s.Name, v)
	must(t, err)
	leaf, err := tsa.NewLeaf(root, rootKey, key.Public(), s.Name, v)
	must(t, err)
	s.tsa, err = tsa.NewAuthority(key, leaf, root)
	must(t, err)
	s.Timestampers = append(s.Timestampers, publish.Timestamper{Leaf: leaf, Root: root, From: from})
}

// rotate puts another key in use, from a time on; the one before it ends then.
func (s *site) rotate(t testing.TB, label string, from time.Time) {
	t.Helper()
	if n := len(s.Keys); n > 0 {
		s.Keys[n-1].Span.Until = from
	}
	s.key = newP256(t)
	s.Keys = append(s.Keys, publish.Key{Label: label, Public: s.key.Public(), Span: trust.Span{From: from}})
}

func (s *site) read(tile tlog.Tile) ([]byte, error) {
	content, ok := s.tiles[fmt.Sprint(tile.Level, "/", tile.Index)]
	if !ok {
		return nil, fmt.Errorf("no %s", tile.Path())
	}
	return content[:min(len(content), 32*tile.Width)], nil
}

func (s *site) take(t testing.TB, entries ...[]byte) (first uint64) {
	t.Helper()
	g, err := siglog.Append(s.state, s.read, entries...)
	must(t, err)
	for _, c := range g.Changed {
		s.tiles[fmt.Sprint(c.Level, "/", c.Index)] = c.Bytes
	}
	s.state = g.State
	return g.First
}

// prove logs an entry and gives the proof of it.
func (s *site) prove(t testing.TB, entry []byte) *tlog.Proof {
	t.Helper()
	index := s.take(t, entry)
	checkpoint, err := s.log.SignCheckpoint(tlog.Checkpoint{Origin: s.Name, Size: s.state.Size, Root: s.state.Root})
	must(t, err)
	p, err := siglog.Prove(index, checkpoint, s.log.VerifierKey(), s.read)
	must(t, err)
	return p
}

// verifier trusts what the appliance publishes now.
func (s *site) verifier(t testing.TB) *attest.Verifier {
	t.Helper()
	files, err := s.Files()
	must(t, err)
	read, err := trust.Parse(files)
	must(t, err)
	return attest.NewVerifier(read)
}

// folder writes what the appliance publishes.
func (s *site) folder(t testing.TB) string {
	t.Helper()
	files, err := s.Files()
	must(t, err)
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, f.Bytes, 0o644))
	}
	return dir
}

const predicateType = "https://example.test/review/v1"

var artifact = []byte("what was built")

func subjectOf(name string, content []byte) attest.Subject {
	sum := sha256.Sum256(content)
	return attest.Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
}

func subjects() []attest.Subject {
	return []attest.Subject{subjectOf("app", artifact), subjectOf("", []byte("other"))}
}

func statement(t testing.TB) *sign.Statement {
	t.Helper()
	s, err := sign.NewStatement(subjects(),
		sign.Predicate{Type: predicateType, JSON: []byte(`{ "passed": true, "score": 1.50, "text": "<ü>\u2028" }`)})
	must(t, err)
	return s
}

// made is an envelope with its evidence, of which a test may change what it will.
type made struct {
	*sign.Envelope
	sign.Evidence
}

func (s *site) make(t testing.TB, at time.Time) made {
	t.Helper()
	e, err := sign.Sign(s.key, statement(t))
	must(t, err)
	stamp, err := s.tsa.Stamp(e.Signature(), at, time.Second)
	must(t, err)
	return made{e, sign.Evidence{Log: s.log.VerifierKey(), Proof: s.prove(t, e.Entry()), Stamps: [][]byte{stamp}}}
}

func (s *site) bundle(t testing.TB, at time.Time) []byte {
	t.Helper()
	m := s.make(t, at)
	text, err := m.Bundle(m.Evidence, s.verifier(t))
	must(t, err)
	return text
}

// verdict is that of a reader who has the artifact.
func verdict(t testing.TB, v *attest.Verifier, bundle []byte) *attest.Verdict {
	t.Helper()
	docs, err := attest.Parse(bundle)
	must(t, err)
	sum := sha256.Sum256(artifact)
	return v.Verify(docs[0], attest.Expect{
		PredicateType: predicateType, Artifact: &attest.Artifact{Kind: "file", Any: []attest.Digests{{crypto.SHA256: sum[:]}}},
	})
}

func edKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func spki(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	must(t, err)
	return der
}
