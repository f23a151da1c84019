package audit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/tlog"
)

// TestChunks takes a log over more than one file of records, and with -audit.long
// over tiles of a third level, whole and since a checkpoint in its last part.
func TestChunks(t *testing.T) {
	end, at := uint64(chunkSize+300), uint64(chunkSize+100)
	if *long {
		end, at = 2*65536+700, 2*65536+100
	}
	g := newGenerated(t, end)
	latest, _ := g.checkpoint(t)
	older := g
	older.end = at
	since, _ := older.checkpoint(t)
	s := newShelf(t)
	for name, from := range map[string][]byte{"whole": nil, "partial": since} {
		dir := filepath.Join(s.dir, name)
		s.names = append(s.names, name)
		if _, err := Export(onDisk(dir), g, ExportOptions{Key: g.key.VerifierKey, Checkpoint: latest, Since: from}); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(os.DirFS(dir), VerifyOptions{Key: g.key.VerifierKey, Baseline: since})
		if err != nil || r.Size != end || r.Baseline != at {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		for _, seq := range []uint64{at, end - 1} {
			if _, err := ProveFrom(os.DirFS(dir), g.key.VerifierKey, seq); err != nil {
				t.Errorf("%s: record %d: %v", name, seq, err)
			}
		}
	}
	for name, verdict := range first(s.python(t, g.key)) {
		if !strings.HasPrefix(verdict, "holds") {
			t.Errorf("the second verifier on the %s export: %s", name, verdict)
		}
	}
}

// onP256 signs as a token does that has no Ed25519.
type onP256 struct {
	*tlog.VerifierKey
	private *ecdsa.PrivateKey
}

func (s onP256) Sign(text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	return ecdsa.SignASN1(rand.Reader, s.private, digest[:])
}

// TestECDSA takes a log whose key is on P-256, with both verifiers.
func TestECDSA(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := tlog.NewVerifierKey(origin, &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{key: signer{onP256{key, private}, key}, every: 10}
	m.grow(t, 20)
	dir := exported(t, m, nil)
	if _, err := Verify(dir, VerifyOptions{Key: key}); err != nil {
		t.Error(err)
	}
	s := newShelf(t)
	s.add(t, dir)
	bad := lay(t, m)
	edit(bad, fileCheckpoint, m.key.sign(t, 19, m.root(19)))
	s.add(t, bad)
	if said, status := s.python(t, m.key); !strings.HasPrefix(said["00000"], "holds") || status != 3 {
		t.Errorf("the second verifier: %v", said)
	}
}
