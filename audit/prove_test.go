package audit

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"stellad/tlog"
)

// TestProve takes every record of an export away by itself.
func TestProve(t *testing.T) {
	m := newLog(t, 700)
	whole, partial := exported(t, m, nil), exported(t, m, m.checkpoints[3])
	for seq := range uint64(700) {
		for name, dir := range map[string]fstest.MapFS{"whole": whole, "partial": partial} {
			p, err := ProveFrom(dir, m.key.VerifierKey, seq)
			if name == "partial" && seq < 256 {
				if !errors.Is(err, ErrExport) {
					t.Errorf("record %d of a %s export: %v", seq, name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("record %d of a %s export: %v", seq, name, err)
			}
			if p, err = tlog.ParseProof(p.Marshal()); err != nil {
				t.Fatal(err)
			}
			if r, err := VerifyProof(p, m.key.VerifierKey); err != nil || r.Seq != seq || !bytes.Equal(p.Extra, m.lines[seq]) {
				t.Fatalf("record %d: %+v, %v", seq, r, err)
			}
		}
	}
	if _, err := ProveFrom(whole, m.key.VerifierKey, 700); !errors.Is(err, ErrExport) {
		t.Errorf("a record that the log lacks: %v", err)
	}
	if _, err := ProveFrom(whole, newSigner(t, origin, 3).VerifierKey, 7); !errors.Is(err, ErrTampered) {
		t.Errorf("another's key: %v", err)
	}
}

// TestNoProof holds that a proof is of one record, at its place, under its key.
func TestNoProof(t *testing.T) {
	m := newLog(t, 300)
	dir := exported(t, m, nil)
	for name, change := range map[string]func(p *tlog.Proof){
		"another record": func(p *tlog.Proof) { p.Extra = m.lines[8] },
		"another place":  func(p *tlog.Proof) { p.Index = 8 },
		"no record":      func(p *tlog.Proof) { p.Extra = nil },
		"an edit": func(p *tlog.Proof) {
			p.Extra = bytes.Replace(p.Extra, []byte(`"up":`), []byte(`"up":1`), 1)
		},
		"a hash":             func(p *tlog.Proof) { p.Hashes[2][5] ^= 1 },
		"a hash too few":     func(p *tlog.Proof) { p.Hashes = p.Hashes[1:] },
		"an old checkpoint":  func(p *tlog.Proof) { p.Checkpoint = m.checkpoints[0] },
		"another's":          func(p *tlog.Proof) { p.Checkpoint = newSigner(t, origin, 4).sign(t, 300, m.root(300)) },
		"a checkpoint's bit": func(p *tlog.Proof) { p.Checkpoint = bytes.Replace(p.Checkpoint, []byte("300"), []byte("301"), 1) },
	} {
		p, err := ProveFrom(dir, m.key.VerifierKey, 7)
		if err != nil {
			t.Fatal(err)
		}
		change(p)
		if _, err := VerifyProof(p, m.key.VerifierKey); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"tile/0/000", "tile/entries/000", "tile/1/000.p/1"} {
		bad := fstest.MapFS{}
		for file := range dir {
			bad[file] = dir[file]
		}
		edit(bad, name, dir[name].Data[:len(dir[name].Data)-1])
		seq := uint64(7)
		if strings.HasPrefix(name, "tile/1") {
			seq = 299
		}
		if _, err := ProveFrom(bad, m.key.VerifierKey, seq); !errors.Is(err, ErrTampered) {
			t.Errorf("%s is cut short: %v", name, err)
		}
	}
}
