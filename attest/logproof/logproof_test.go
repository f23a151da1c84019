package logproof_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"stellad/attest/logproof"
	"stellad/attest/trust"
	"stellad/tlog"
)

// testLog is a log of a few entries, kept in memory.
type testLog struct {
	signer  note.Signer
	key     *tlog.VerifierKey
	entries [][]byte
}

func newLog(t testing.TB, seed byte, entries int) *testLog {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize)))
	key, err := tlog.NewVerifierKey("log.example", private.Public())
	must(t, err)
	skey := fmt.Sprintf("PRIVATE+KEY+log.example+%08x+%s", key.KeyHash(), base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...)))
	signer, err := note.NewSigner(skey)
	must(t, err)
	l := &testLog{signer: signer, key: key}
	for i := range entries {
		l.entries = append(l.entries, fmt.Appendf(nil, "entry %d", i))
	}
	return l
}

func (l *testLog) node(level uint, index uint64) (tlog.Hash, error) {
	if level == 0 {
		return tlog.LeafHash(l.entries[index]), nil
	}
	left, err := l.node(level-1, 2*index)
	if err != nil {
		return left, err
	}
	right, err := l.node(level-1, 2*index+1)
	return tlog.NodeHash(left, right), err
}

func (l *testLog) checkpoint(t testing.TB) (tlog.Checkpoint, []byte) {
	t.Helper()
	r, err := tlog.NewRange(uint64(len(l.entries)), l.node)
	must(t, err)
	c := tlog.Checkpoint{Origin: "log.example", Size: r.Size(), Root: r.Root()}
	signed, err := note.Sign(&note.Note{Text: string(c.Marshal())}, l.signer)
	must(t, err)
	return c, signed
}

// forms gives the proof of an entry in every form.
func (l *testLog) forms(t testing.TB, index uint64) map[string][]byte {
	t.Helper()
	c, signed := l.checkpoint(t)
	hashes, err := tlog.InclusionProof(index, c.Size, l.node)
	must(t, err)
	var std, hexes []string
	for _, h := range hashes {
		std, hexes = append(std, h.String()), append(hexes, hex.EncodeToString(h[:]))
	}
	body := base64.StdEncoding.EncodeToString(l.entries[index])
	asJSON := func(v any) []byte {
		text, err := json.Marshal(v)
		must(t, err)
		return text
	}
	type object = map[string]any
	sigstore := object{"logIndex": index, "canonicalizedBody": body, "inclusionProof": object{
		"logIndex": index, "treeSize": c.Size, "rootHash": c.Root.String(), "hashes": std, "checkpoint": object{"envelope": string(signed)},
	}}
	rekor := object{"body": body, "logIndex": 1000 + index, "verification": object{"inclusionProof": object{
		"logIndex": index, "treeSize": c.Size, "rootHash": hex.EncodeToString(c.Root[:]), "hashes": hexes, "checkpoint": string(signed),
	}}}
	return map[string][]byte{
		"C2SP": (&tlog.Proof{Index: index, Hashes: hashes, Checkpoint: signed}).Marshal(), "Sigstore": asJSON(sigstore),
		"Rekor": asJSON(rekor), "Rekor with UUID": asJSON(object{"24296fb24b8ad77a" + hexOf(tlog.LeafHash(l.entries[index])): rekor}),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *testLog) keys() []*tlog.VerifierKey { return []*tlog.VerifierKey{l.key} }

func TestForms(t *testing.T) {
	l := newLog(t, 0, 11)
	_, signed := l.checkpoint(t)
	for index := range uint64(11) {
		for form, text := range l.forms(t, index) {
			proofs, err := logproof.Parse(text)
			must(t, err)
			for _, checkpoint := range [][]byte{nil, signed} {
				r, err := proofs[0].Verify(checkpoint, l.entries[index], l.keys())
				if err != nil || r.Index != index || r.Size != 11 || r.Log != "log.example" {
					t.Errorf("%s %d: %+v %v", form, index, r, err)
				}
			}
		}
	}
}

// TestRealBundle verifies the demo's bundle by the public-good log's key.
func TestRealBundle(t *testing.T) {
	dir := filepath.Join("..", "..", "packaging", "demo")
	text, err := os.ReadFile(filepath.Join(dir, "sigstore-js.sigstore.json"))
	must(t, err)
	roots, err := trust.Load(filepath.Join(dir, "trust"))
	must(t, err)
	proofs, err := logproof.Parse(text)
	must(t, err)
	r, err := proofs[0].Verify(nil, nil, roots.LogKeys())
	if err != nil || r.Log != "rekor.sigstore.dev - 2605736670972794746" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestRefused(t *testing.T) {
	l, stranger, grown := newLog(t, 0, 5), newLog(t, 1, 5), newLog(t, 0, 6)
	twoFaced := newLog(t, 0, 5)
	twoFaced.entries[4] = []byte("another")
	_, signed := l.checkpoint(t)
	_, strange := stranger.checkpoint(t)
	_, later := grown.checkpoint(t)
	_, other := twoFaced.checkpoint(t)
	forms := l.forms(t, 2)
	for _, c := range []struct {
		name, form        string
		checkpoint, entry []byte
		keys              []*tlog.VerifierKey
		reason            string
	}{
		{"no keys", "Sigstore", nil, nil, nil, "signature"},
		{"a stranger's key", "Sigstore", nil, nil, stranger.keys(), "signature"},
		{"a stranger's checkpoint", "Sigstore", strange, nil, l.keys(), "signature"},
		{"a later checkpoint", "Sigstore", later, nil, l.keys(), "a tree of 5 entries and the checkpoint for one of 6"},
		{"a later checkpoint for a C2SP proof", "C2SP", later, l.entries[2], l.keys(), "Merkle proof"},
		{"a checkpoint with another face", "Sigstore", other, nil, l.keys(), "two faces"},
		{"another entry", "Sigstore", signed, l.entries[1], l.keys(), "another entry"},
		{"another entry for a C2SP proof", "C2SP", signed, l.entries[1], l.keys(), "Merkle proof"},
		{"a checkpoint that is none", "Sigstore", []byte("hello"), nil, l.keys(), "signed note"},
	} {
		proofs, err := logproof.Parse(forms[c.form])
		must(t, err)
		r, err := proofs[0].Verify(c.checkpoint, c.entry, c.keys)
		if !errors.Is(err, logproof.ErrProof) || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %+v %v", c.name, c.reason, r, err)
		}
	}
}

func hexOf(h tlog.Hash) string { return hex.EncodeToString(h[:]) }

func TestMissing(t *testing.T) {
	l := newLog(t, 0, 5)
	for name, form := range map[string]string{"no entry": "C2SP", "no checkpoint": "Sigstore"} {
		proofs, err := logproof.Parse(l.forms(t, 2)[form])
		must(t, err)
		if name == "no checkpoint" {
			proofs[0].Checkpoint = nil
		}
		if _, err := proofs[0].Verify(nil, nil, l.keys()); !errors.Is(err, logproof.ErrMissing) || errors.Is(err, logproof.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotProofs(t *testing.T) {
	good := string(newLog(t, 0, 5).forms(t, 2)["Sigstore"])
	for _, c := range []struct{ name, text, reason string }{
		{"empty", "", "empty"},
		{"words", "hello", "line 1"},
		{"two", good + good, "second JSON value"},
		{"an array", "[]", "JSON object"},
		{"an empty object", "{}", "neither"},
		{"another object", `{"a":1,"b":2}`, "neither"},
		{"a bundle without entries", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{}}`, "no log entry"},
		{"an envelope", `{"payload":"","payloadType":"x","signatures":[]}`, "neither"},
		{"an entry without proof", `{"canonicalizedBody":"AAAA"}`, "without its inclusion proof"},
		{"a proof without entry", `{"inclusionProof":{}}`, "without its inclusion proof or its body"},
		{"Rekor's without proof", `{"body":"AAAA","verification":{}}`, "Rekor v1"},
		{"Rekor's with a bad body", strings.Replace(string(newLog(t, 0, 5).forms(t, 2)["Rekor"]), `"body":"`, `"body":"*`, 1), "body"},
		{"Rekor's under another UUID", `{"` + strings.Repeat("0", 80) + `":` + string(newLog(t, 0, 5).forms(t, 2)["Rekor"]) + `}`, "UUID"},
		{"Rekor's with two bodies", strings.Replace(string(newLog(t, 0, 5).forms(t, 2)["Rekor"]), `"body":`, `"Body":"AAAA","body":`, 1), "Rekor v1"},
		{"a negative index", strings.Replace(good, `"logIndex":2,"rootHash"`, `"logIndex":-2,"rootHash"`, 1), "negative"},
		{"a short root", strings.Replace(good, `"rootHash":"`, `"rootHash":"AAAA`, 1), "root hash"},
		{"an unknown field", strings.Replace(good, `"treeSize"`, `"treeSizes"`, 1), "Sigstore's form"},
		{"a duplicate field", strings.Replace(good, `"treeSize":5`, `"treeSize":5,"treeSize":5`, 1), "duplicate"},
		{"a C2SP proof of another version", "c2sp.org/tlog-proof@v2\nindex 0\n\n", "tlog-proof"},
		{"a C2SP proof cut short", "c2sp.org/tlog-proof@v1\n", "tlog-proof"},
	} {
		_, err := logproof.Parse([]byte(c.text))
		if !errors.Is(err, logproof.ErrFormat) || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: want one line with %q, got %v", c.name, c.reason, err)
		}
	}
}

// TestMutated changes each byte of each form: refused, or the same is proven.
func TestMutated(t *testing.T) {
	l := newLog(t, 0, 5)
	for form, text := range l.forms(t, 2) {
		for i := range text {
			changed := append([]byte{}, text...)
			changed[i] ^= 1 << (i % 7)
			proofs, err := logproof.Parse(changed)
			if err != nil {
				continue
			}
			if r, err := proofs[0].Verify(nil, l.entries[2], l.keys()); err == nil && (r.Index != 2 || r.Leaf != hexOf(tlog.LeafHash(l.entries[2]))) {
				t.Errorf("%s, byte %d: proven as something else: %+v", form, i, r)
			}
		}
	}
}

// FuzzParse holds that no bytes make the package panic, and that none prove an
// entry that the log does not have.
func FuzzParse(f *testing.F) {
	l := newLog(f, 0, 5)
	for _, text := range l.forms(f, 2) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		proofs, err := logproof.Parse(text)
		if err != nil {
			return
		}
		for _, p := range proofs {
			if r, err := p.Verify(nil, []byte("no entry"), l.keys()); err == nil {
				t.Fatalf("proven: %+v", r)
			}
		}
	})
}
