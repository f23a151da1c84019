package tlog

import (
	"errors"
	"slices"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/proof"
	"pgregory.net/rapid"
)

const otherRoot = "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c="

func TestParseProof(t *testing.T) {
	for _, text := range []string{
		"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n",
		"c2sp.org/tlog-proof@v1\nindex 18446744073709551615\n" + someRoot + "\n" + otherRoot + "\n\ncheckpoint\n",
		"c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\n" + someRoot + "\n\ncheckpoint",
		"c2sp.org/tlog-proof@v1\nindex 1\n\n\n\n",
		"c2sp.org/tlog-proof@v1\nextra " + strings.Repeat("AAAA", 20000) + "\nindex 1\n\nx",
	} {
		p, err := ParseProof([]byte(text))
		if err != nil || string(p.Marshal()) != text {
			t.Errorf("%.80q reads back as %+v, %v", text, p, err)
		}
	}
}

func TestParseProofRefuses(t *testing.T) {
	const header, tail = "c2sp.org/tlog-proof@v1\n", "\ncheckpoint\n"
	for why, text := range map[string]string{
		"nothing":                    "",
		"blank lines":                "\n\n\n\n",
		"the header alone":           header,
		"no index":                   header + tail,
		"no index, but extra data":   header + "extra AA==\n" + tail,
		"no index, but a hash":       header + someRoot + "\n" + tail,
		"no blank line":              header + "index 0\n" + someRoot + tail,
		"no checkpoint":              header + "index 0\n\n",
		"no checkpoint, no blank":    header + "index 0\n",
		"another version":            "c2sp.org/tlog-proof@v2\nindex 0\n" + tail,
		"an older name":              "c2sp.org/tlog-proof\nindex 0\n" + tail,
		"a longer header":            "c2sp.org/tlog-proof@v1 \nindex 0\n" + tail,
		"a header in upper case":     "C2SP.org/tlog-proof@v1\nindex 0\n" + tail,
		"a line before the header":   "\n" + header + "index 0\n" + tail,
		"a byte order mark":          "\ufeff" + header + "index 0\n" + tail,
		"a blank line after header":  header + "\nindex 0\n" + tail,
		"CRLF":                       strings.ReplaceAll(header+"index 0\n"+tail, "\n", "\r\n"),
		"CR after the index":         header + "index 0\r\n" + tail,
		"CR after a hash":            header + "index 0\n" + someRoot + "\r\n" + tail,
		"an index without number":    header + "index \n" + tail,
		"a number alone":             header + "0\n" + tail,
		"an index without space":     header + "index0\n" + tail,
		"two spaces":                 header + "index  0\n" + tail,
		"a tab":                      header + "index\t0\n" + tail,
		"Index":                      header + "Index 0\n" + tail,
		"a leading zero":             header + "index 00\n" + tail,
		"a plus":                     header + "index +1\n" + tail,
		"a minus":                    header + "index -5\n" + tail,
		"a space after":              header + "index 0 \n" + tail,
		"hexadecimal":                header + "index 0x1\n" + tail,
		"2^64":                       header + "index 18446744073709551616\n" + tail,
		"two indices":                header + "index 0\nindex 0\n" + tail,
		"extra after the index":      header + "index 0\nextra AA==\n" + tail,
		"extra after a hash":         header + "index 0\n" + someRoot + "\nextra AA==\n" + tail,
		"extra twice":                header + "extra AA==\nextra AA==\nindex 0\n" + tail,
		"extra of nothing":           header + "extra \nindex 0\n" + tail,
		"extra without space":        header + "extraAA==\nindex 0\n" + tail,
		"extra that is no base64":    header + "extra !!\nindex 0\n" + tail,
		"extra without padding":      header + "extra AA\nindex 0\n" + tail,
		"extra with stray bits":      header + "extra AB==\nindex 0\n" + tail,
		"extra in URL base64":        header + "extra _-8=\nindex 0\n" + tail,
		"a hash of 31 bytes":         header + "index 0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoA==\n" + tail,
		"a hash of 64 bytes":         header + "index 0\n" + strings.Repeat("A", 86) + "==\n" + tail,
		"a hash in hex":              header + "index 0\n" + strings.Repeat("0", 64) + "\n" + tail,
		"a hash without padding":     header + "index 0\n" + strings.TrimRight(someRoot, "=") + "\n" + tail,
		"a hash with stray bits":     header + "index 0\n" + strings.Replace(someRoot, "B0=", "B1=", 1) + "\n" + tail,
		"a space before a hash":      header + "index 0\n " + someRoot + "\n" + tail,
		"two hashes on a line":       header + "index 0\n" + someRoot + " " + otherRoot + "\n" + tail,
		"a line over 64 KiB":         header + "index 0\n" + strings.Repeat("a", 65*1024) + "\n" + tail,
		"over 1 MiB":                 header + "index 0\n" + tail + strings.Repeat("x", maxText),
		"a checkpoint and no header": checkpointText,
	} {
		if p, err := ParseProof([]byte(text)); !errors.Is(err, ErrProofFormat) || p != nil {
			t.Errorf("%s: %+v, %v; want ErrProofFormat", why, p, err)
		}
	}
}

// What was parsed does not change with the bytes it came from.
func TestProofKeepsItsCheckpoint(t *testing.T) {
	text := []byte("c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n")
	p, err := ParseProof(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if string(p.Checkpoint) != "checkpoint\n" {
		t.Errorf("%q", p.Checkpoint)
	}
}

// proofOf makes the proof of leaf i in a tree of n leaves, signed by the log.
func proofOf(t testing.TB, i, n int, signers ...signer) (*Proof, Hash) {
	t.Helper()
	leaves := leavesOf(n)
	hashes, err := InclusionProof(uint64(i), uint64(n), nodesOf(leaves))
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{Origin: "example.com/log", Size: uint64(n), Root: mth(leaves)}
	msg := string(c.Marshal()) + "\n"
	for _, s := range signers {
		msg += line(t, string(c.Marshal()), s)
	}
	return &Proof{Index: uint64(i), Hashes: hashes, Checkpoint: []byte(msg)}, leaves[i]
}

func TestProofVerify(t *testing.T) {
	log, w := logSigner(t, "example.com/log", 1), witness(t, "w", 2, 1700000000)
	for n := 1; n < 20; n++ {
		for i := range n {
			p, leaf := proofOf(t, i, n, log, w)
			c, err := p.Verify(leaf, "", keysOf(log), Quorum{1, keysOf(w)})
			if err != nil || c.Size != uint64(n) || len(c.Cosignatures) != 1 {
				t.Fatalf("%d of %d: %+v, %v", i, n, c, err)
			}
		}
	}
}

func TestProofVerifyRefuses(t *testing.T) {
	log, other, w := logSigner(t, "example.com/log", 1), logSigner(t, "other", 3), witness(t, "w", 2, 1700000000)
	q := Quorum{1, keysOf(w)}
	for why, c := range map[string]struct {
		change func(p *Proof, leaf *Hash)
		want   error
	}{
		"another leaf":         {func(_ *Proof, leaf *Hash) { *leaf = LeafHash([]byte("x")) }, ErrProof},
		"the root as the leaf": {func(_ *Proof, leaf *Hash) { *leaf = mth(leavesOf(13)) }, ErrProof},
		"a node as the leaf": {func(p *Proof, leaf *Hash) {
			*leaf = NodeHash(*leaf, p.Hashes[0])
			p.Hashes = p.Hashes[1:]
			p.Index /= 2
		}, ErrProof},
		"the index below":     {func(p *Proof, _ *Hash) { p.Index-- }, ErrProof},
		"the index above":     {func(p *Proof, _ *Hash) { p.Index++ }, ErrProof},
		"an index out of it":  {func(p *Proof, _ *Hash) { p.Index = 13 }, ErrProof},
		"the largest index":   {func(p *Proof, _ *Hash) { p.Index = 1<<64 - 1 }, ErrProof},
		"no hashes":           {func(p *Proof, _ *Hash) { p.Hashes = nil }, ErrProof},
		"a hash less":         {func(p *Proof, _ *Hash) { p.Hashes = p.Hashes[1:] }, ErrProof},
		"a hash more":         {func(p *Proof, _ *Hash) { p.Hashes = append(p.Hashes, EmptyRoot()) }, ErrProof},
		"hashes turned round": {func(p *Proof, _ *Hash) { slices.Reverse(p.Hashes) }, ErrProof},
		"another tree's checkpoint": {func(p *Proof, _ *Hash) {
			q, _ := proofOf(t, 5, 12, log, w)
			p.Checkpoint = q.Checkpoint
		}, ErrProof},
		"another log's checkpoint": {func(p *Proof, _ *Hash) {
			q, _ := proofOf(t, 5, 13, other, w)
			p.Checkpoint = q.Checkpoint
		}, ErrSignature},
		"no cosignature": {func(p *Proof, _ *Hash) {
			q, _ := proofOf(t, 5, 13, log)
			p.Checkpoint = q.Checkpoint
		}, ErrQuorum},
		"no signature": {func(p *Proof, _ *Hash) {
			q, _ := proofOf(t, 5, 13)
			p.Checkpoint = q.Checkpoint
		}, ErrNote},
		"no checkpoint":  {func(p *Proof, _ *Hash) { p.Checkpoint = nil }, ErrNote},
		"bytes after it": {func(p *Proof, _ *Hash) { p.Checkpoint = append(p.Checkpoint, "x\n"...) }, ErrNote},
		"a changed size": {func(p *Proof, _ *Hash) {
			p.Checkpoint = []byte(strings.Replace(string(p.Checkpoint), "\n13\n", "\n14\n", 1))
		}, ErrSignature},
		"a checkpoint of no leaves": {func(p *Proof, _ *Hash) {
			p.Checkpoint = signed(t, string(Checkpoint{"example.com/log", 0, EmptyRoot(), nil}.Marshal()), log, w)
		}, ErrProof},
	} {
		p, leaf := proofOf(t, 5, 13, log, w)
		c.change(p, &leaf)
		if got, err := p.Verify(leaf, "example.com/log", keysOf(log), q); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v; want %v", why, err, c.want)
		}
	}
	p, leaf := proofOf(t, 5, 13, log, w)
	if _, err := p.Verify(leaf, "example.com/lag", keysOf(log), q); !errors.Is(err, ErrOrigin) {
		t.Errorf("another origin: %v", err)
	}
	if _, err := p.Verify(leaf, "", keysOf(w), q); !errors.Is(err, ErrSignature) {
		t.Errorf("the witness for the log: %v", err)
	}
}

// Any proof reads back, and transparency-dev reads the same from it.
func TestProofsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Proof{
			Index:      rapid.Uint64().Draw(t, "index"),
			Extra:      rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "extra"),
			Checkpoint: []byte(rapid.StringMatching(`[^\pC]{1,40}\n`).Draw(t, "checkpoint")),
		}
		for range rapid.IntRange(0, 70).Draw(t, "hashes") {
			p.Hashes = append(p.Hashes, drawHash(t, "hash"))
		}
		text := p.Marshal()
		got, err := ParseProof(text)
		if err != nil || got.Index != p.Index || !slices.Equal(got.Hashes, p.Hashes) ||
			!slices.Equal(got.Extra, p.Extra) || !slices.Equal(got.Checkpoint, p.Checkpoint) {
			t.Fatalf("%q reads back as %+v, %v", text, got, err)
		}
		agree(t, text, got)
	})
}

type failer interface{ Fatalf(string, ...any) }

func agree(t failer, text []byte, p *Proof) {
	var theirs formats.TLogProof
	if err := theirs.Unmarshal(text); err != nil {
		t.Fatalf("transparency-dev refuses %q: %v", text, err)
	}
	if theirs.Index != p.Index || len(theirs.Hashes) != len(p.Hashes) || !slices.Equal(theirs.ExtraData, p.Extra) {
		t.Fatalf("%q: %+v here, %+v there", text, p, theirs)
	}
	for i, h := range theirs.Hashes {
		if Hash(h) != p.Hashes[i] {
			t.Fatalf("%q: hash %d", text, i)
		}
	}
}
