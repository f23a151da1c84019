package journal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"stellad/tlog"
)

// TestCheckpoint: each is a signed note of the log at its size, durable, and kept.
func TestCheckpoint(t *testing.T) {
	dir, o := t.TempDir(), options()
	j := mustOpen(t, dir, o)
	if _, err := j.Checkpoint(); !errors.Is(err, ErrNoSigner) {
		t.Fatalf("without a key: %v", err)
	}
	signWith(t, j)
	_, key := auditKey()
	for size := range uint64(60) {
		msg := mustCheckpoint(t, j)
		c, err := tlog.OpenCheckpoint(msg, origin, []*tlog.VerifierKey{key}, tlog.Quorum{})
		if err != nil || c.Size != size || c.Root != rootOf(lines(t, j)) {
			t.Fatalf("%+v, %v", c, err)
		}
		if again := mustCheckpoint(t, j); !bytes.Equal(again, msg) {
			t.Fatalf("a second checkpoint of %d records is another", size)
		}
		mustAppend(t, j, nil)
	}
	mustClose(t, j)
	j = mustOpen(t, dir, o)
	if s := j.State(); s.Checkpoint == nil || s.Checkpoint.Size != 60 {
		t.Errorf("the last one: %+v", s.Checkpoint)
	}
	if sizes, err := j.Checkpoints(); err != nil || len(sizes) != 61 {
		t.Errorf("%v, %v", sizes, err)
	}
	if msg, err := j.ReadCheckpoint(17); err != nil || !strings.HasPrefix(string(msg), origin+"\n17\n") {
		t.Errorf("%q, %v", msg, err)
	}
	if _, err := j.ReadCheckpoint(99); !errors.Is(err, ErrNoRecord) {
		t.Errorf("one that was never made: %v", err)
	}
}

// TestBadSigner: what comes back from the key is not stored before it verifies.
func TestBadSigner(t *testing.T) {
	sign, key := auditKey()
	refused := errors.New("no session")
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	for name, s := range map[string]func([]byte) ([]byte, error){
		"fails":         func([]byte) ([]byte, error) { return nil, refused },
		"gives no note": func(text []byte) ([]byte, error) { return text, nil },
		"signs another size": func([]byte) ([]byte, error) {
			return sign(tlog.Checkpoint{Origin: origin, Size: 1, Root: tlog.LeafHash(nil)}.Marshal())
		},
		"has another key": func(text []byte) ([]byte, error) {
			return note.Sign(&note.Note{Text: string(text)}, noteSigner{private, key})
		},
	} {
		dir := t.TempDir()
		j := mustOpen(t, dir, options())
		fill(t, j, 3)
		if err := j.SignWith(origin, s, key); err != nil {
			t.Fatal(err)
		}
		if msg, err := j.Checkpoint(); err == nil || name == "fails" && !errors.Is(err, refused) {
			t.Errorf("%s: %q, %v", name, msg, err)
		}
		if sizes, err := j.Checkpoints(); err != nil || len(sizes) > 0 {
			t.Errorf("%s: stored %v, %v", name, sizes, err)
		}
		if err := j.Close(); err == nil {
			t.Errorf("%s: close says nothing of the checkpoint that is missing", name)
		}
		mustClose(t, mustOpen(t, dir, options()))
	}
}

// TestForkedCheckpoint: a checkpoint by the right key of another log is refused, at the
// start where it is of a size in the last segment, else by Check.
func TestForkedCheckpoint(t *testing.T) {
	for _, size := range []uint64{10, 118} {
		fork := mustOpen(t, t.TempDir(), options())
		signWith(t, fork)
		for range size {
			mustAppend(t, fork, nil)
		}
		dir := t.TempDir()
		j := mustOpen(t, dir, options())
		signWith(t, j)
		fill(t, j, int(size))
		mustCheckpoint(t, j)
		fill(t, j, 119-int(size))
		mustClose(t, j)
		files := readAll(t, dir)
		files[filepath.Join("checkpoints", segmentName(size))] = mustCheckpoint(t, fork)
		restore(t, dir, files)
		how, why := sample{}.verdict(t, dir)
		if how != "refused" || !strings.Contains(why, "not those of their checkpoint") {
			t.Errorf("at %d: %q, %s", size, how, why)
		}
		if size > 100 && strings.Contains(why, "read-only") {
			t.Errorf("at %d: only Check found it: %s", size, why)
		}
	}
}

// TestOtherKey: a stored checkpoint that no key verifies is told as soon as the keys are known.
func TestOtherKey(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	signWith(t, j)
	fill(t, j, 3)
	mustClose(t, j)
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := tlog.NewVerifierKey(origin, public)
	if err != nil {
		t.Fatal(err)
	}
	j = mustOpen(t, dir, options())
	if err := j.SignWith(origin, nil, other); !errors.Is(err, ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
	_, key := auditKey()
	if err := j.SignWith(origin, nil, other, key); err != nil {
		t.Errorf("the key among others: %v", err)
	}
	if err := j.SignWith("another.example/audit", nil, key); !errors.Is(err, ErrDamaged) {
		t.Errorf("another origin: %v", err)
	}
}
