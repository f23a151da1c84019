package tlog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func goldenKey(t testing.TB, name string) *VerifierKey {
	t.Helper()
	return mustKey(t, strings.TrimSuffix(string(golden(t, name)), "\n"))
}

// The files in testdata were written once: formats that change would leave the proofs
// behind that people keep.
func TestGolden(t *testing.T) {
	log, w := logSigner(t, "example.com/log", 1), witness(t, "witness.example/w1", 2, 1700000000)
	stranger := logSigner(t, "stranger.example", 3)
	p, leaf := proofOf(t, 5, 13, log, w, stranger)
	p.Extra = []byte("out of band")
	for name, want := range map[string]string{
		"log.vkey":          log.String() + "\n",
		"witness.vkey":      w.String() + "\n",
		"checkpoint":        string(p.Checkpoint),
		"record.tlog-proof": string(p.Marshal()),
	} {
		if got := string(golden(t, name)); got != want {
			t.Errorf("%s holds\n%s\nand not\n%s", name, got, want)
		}
	}
	if LeafHash(golden(t, "record")) != leaf {
		t.Error("record is another record")
	}
}

// Whichever byte of a checkpoint is changed, dropped or put in, it is refused, or it
// says the same: then only the line of a stranger was touched.
func TestMutatedCheckpoint(t *testing.T) {
	good := golden(t, "checkpoint")
	log, q := []*VerifierKey{goldenKey(t, "log.vkey")}, Quorum{1, []*VerifierKey{goldenKey(t, "witness.vkey")}}
	want, err := OpenCheckpoint(good, "example.com/log", log, q)
	if err != nil || want.Note.Unknown != 1 {
		t.Fatal(want, err)
	}
	stranger := bytes.Index(good, []byte("— stranger.example"))
	mutations(good, func(at int, what string, mutated []byte) {
		got, err := OpenCheckpoint(mutated, "example.com/log", log, q)
		if err != nil {
			return
		}
		if at < stranger || !bytes.Equal(got.Note.Text, want.Note.Text) || len(got.Note.Verified) != 2 || got.Note.Unknown < 1 {
			t.Errorf("byte %d %s: accepted as %+v", at, what, got)
		}
	})
}

// So too for a proof, where the extra data is free as well.
func TestMutatedProof(t *testing.T) {
	good := golden(t, "record.tlog-proof")
	leaf := LeafHash(golden(t, "record"))
	log, q := []*VerifierKey{goldenKey(t, "log.vkey")}, Quorum{1, []*VerifierKey{goldenKey(t, "witness.vkey")}}
	want, err := ParseProof(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := want.Verify(leaf, "", log, q); err != nil {
		t.Fatal(err)
	}
	extra, index := bytes.Index(good, []byte("extra ")), bytes.Index(good, []byte("index "))
	stranger := bytes.Index(good, []byte("— stranger.example"))
	mutations(good, func(at int, what string, mutated []byte) {
		got, err := ParseProof(mutated)
		if err != nil {
			return
		}
		if !bytes.Equal(got.Marshal(), mutated) {
			t.Errorf("byte %d %s: reads back otherwise", at, what)
		}
		if _, err := got.Verify(leaf, "", log, q); err != nil {
			return
		}
		free := at >= extra && at < index || at >= stranger
		if !free || got.Index != want.Index {
			t.Errorf("byte %d %s: accepted", at, what)
		}
	})
}

// mutations gives every one-byte change of good that flips a bit, drops the byte,
// doubles it, or puts a character of the format in its place or before it.
func mutations(good []byte, try func(at int, what string, mutated []byte)) {
	for at := range good {
		with := func(what string, middle ...byte) {
			if !bytes.Equal(middle, good[at:at+1]) {
				try(at, what, bytes.Join([][]byte{good[:at], middle, good[at+1:]}, nil))
			}
		}
		with("dropped")
		with("doubled", good[at], good[at])
		for bit := range 8 {
			with("flipped", good[at]^1<<bit)
		}
		for _, c := range []byte("\n\r\t =+0A\x00\xff") {
			with("replaced", c)
			with("preceded", c, good[at])
		}
	}
	try(len(good), "cut short", good[:len(good)-1])
	try(len(good), "longer by a newline", append(good[:len(good):len(good)], '\n'))
}
