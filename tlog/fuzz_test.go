package tlog

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"testing"

	formatslog "github.com/transparency-dev/formats/log"
	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// fuzzKeys signed the notes in testdata/fuzz.
func fuzzKeys(t testing.TB) (log, witnesses []*VerifierKey) {
	t.Helper()
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rekor, err := NewVerifierKey("rekor.example", &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	log = append(keysOf(logSigner(t, "example.com/log", 1)), rekor)
	return log, keysOf(witness(t, "witness.example/w1", 2, 0), witness(t, "witness.example/w2", 3, 0))
}

func isOneOf(err error, sentinels ...error) bool {
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// What OpenNote accepts, x/mod accepts with the same text and signatures.
func FuzzOpenNote(f *testing.F) {
	log, witnesses := fuzzKeys(f)
	keys := append(log[:len(log):len(log)], witnesses...)
	var verifiers []note.Verifier
	for _, k := range keys {
		verifiers = append(verifiers, k)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		n, err := OpenNote(msg, keys...)
		if err != nil {
			if !isOneOf(err, ErrNote, ErrSignature) {
				t.Fatal(err)
			}
			return
		}
		theirs, err := note.Open(msg, note.VerifierList(verifiers...))
		if err != nil || theirs.Text != string(n.Text) || len(theirs.Sigs) != len(n.Verified) {
			t.Fatalf("%+v here, %+v there, %v", n, theirs, err)
		}
		c, err := OpenCheckpoint(msg, "", log, Quorum{1, witnesses})
		if err != nil && !isOneOf(err, ErrSignature, ErrCheckpoint, ErrOrigin, ErrQuorum) {
			t.Fatal(err)
		}
		if err == nil && (string(c.Marshal()) != string(n.Text) || len(c.Cosignatures) == 0) {
			t.Fatalf("%+v", c)
		}
	})
}

// A checkpoint has one form, and transparency-dev reads the same from it.
func FuzzCheckpoint(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCheckpoint(text)
		if err != nil {
			if !errors.Is(err, ErrCheckpoint) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(c.Marshal(), text) {
			t.Fatalf("%q is written as %q", text, c.Marshal())
		}
		var theirs formatslog.Checkpoint
		if _, err := theirs.Unmarshal(text); err != nil || theirs.Origin != c.Origin || theirs.Size != c.Size || !bytes.Equal(theirs.Hash, c.Root[:]) {
			t.Fatalf("%+v here, %+v there, %v", c, theirs, err)
		}
	})
}

// A vkey has one form, and transparency-dev gives it the same name and ID.
func FuzzVerifierKey(f *testing.F) {
	f.Fuzz(func(t *testing.T, vkey string) {
		k, err := ParseVerifierKey(vkey)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Fatal(err)
			}
			return
		}
		if k.String() != vkey {
			t.Fatalf("%q is written as %q", vkey, k)
		}
		theirs, err := formats.NewVerifier(vkey)
		if err != nil || theirs.Name() != k.Name() || theirs.KeyHash() != k.KeyHash() {
			t.Fatalf("%q: %v", vkey, err)
		}
		k.Verify([]byte(checkpointText), []byte(vkey))
	})
}

// A proof has one form, and transparency-dev reads the same from it.
func FuzzProof(f *testing.F) {
	log, witnesses := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err != nil {
			if !errors.Is(err, ErrProofFormat) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(p.Marshal(), text) {
			t.Fatalf("%q is written as %q", text, p.Marshal())
		}
		if len(text) < 64<<10 { // it refuses longer lines
			agree(t, text, p)
		}
		c, err := p.Verify(leavesOf(6)[5], "", log, Quorum{1, witnesses})
		if err == nil && p.Index >= c.Size {
			t.Fatalf("leaf %d of %d", p.Index, c.Size)
		}
		if err != nil && !isOneOf(err, ErrNote, ErrSignature, ErrCheckpoint, ErrOrigin, ErrQuorum, ErrProof) {
			t.Fatal(err)
		}
	})
}

// A tile has one path, within the limits of its fields.
func FuzzTilePath(f *testing.F) {
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParseTilePath(path)
		if err != nil {
			if !errors.Is(err, ErrTile) {
				t.Fatal(err)
			}
			return
		}
		if tile.Path() != path || tile.Level < -1 || tile.Level > 63 || tile.Width < 1 || tile.Width > 256 {
			t.Fatalf("%q is read as %+v", path, tile)
		}
	})
}
