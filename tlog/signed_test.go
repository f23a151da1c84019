package tlog

import (
	"crypto/elliptic"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

const checkpointText = "example.com/log\n1\n" + someRoot + "\n"

func TestOpenCheckpoint(t *testing.T) {
	log, stranger := logSigner(t, "example.com/log", 1), logSigner(t, "stranger", 9)
	w1, w2 := witness(t, "w1", 2, 1700000000), witness(t, "w2", 3, 1700000001)
	msg := signed(t, checkpointText, w2, stranger, log, w1)
	c, err := OpenCheckpoint(msg, "example.com/log", keysOf(log), Quorum{2, keysOf(w1, w2)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Origin != "example.com/log" || c.Size != 1 || c.Root.String() != someRoot || string(c.Note.Text) != checkpointText {
		t.Errorf("%+v", c)
	}
	if len(c.Note.Verified) != 3 || c.Note.Unknown != 1 {
		t.Errorf("%+v", c.Note)
	}
	if len(c.Cosignatures) != 2 || c.Cosignatures[0].Key != w2.VerifierKey || !c.Cosignatures[0].Time.Equal(time.Unix(1700000001, 0)) {
		t.Errorf("%+v", c.Cosignatures)
	}
}

func TestOpenCheckpointRefuses(t *testing.T) {
	log, other := logSigner(t, "log", 1), logSigner(t, "other", 5)
	w, alias := witness(t, "w", 2, 1700000000), witness(t, "alias", 2, 1700000000)
	ofLog := "log" + strings.TrimPrefix(checkpointText, "example.com/log")
	good := signed(t, ofLog, log, w)
	if _, err := OpenCheckpoint(good, "log", keysOf(log), Quorum{1, keysOf(w)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why    string
		msg    []byte
		origin string
		log    []*VerifierKey
		q      Quorum
		want   error
	}{
		{"no keys", good, "log", nil, Quorum{}, ErrSignature},
		{"another log's key", good, "log", keysOf(other), Quorum{}, ErrSignature},
		{"the witness alone is known", good, "log", nil, Quorum{1, keysOf(w)}, ErrSignature},
		{"another log's key and the witness", good, "log", keysOf(other), Quorum{1, keysOf(w)}, ErrSignature},
		{"the witness as the log", signed(t, ofLog, w), "log", keysOf(w), Quorum{}, ErrSignature},
		{"the witness as log and witness", signed(t, ofLog, w), "log", keysOf(w), Quorum{1, keysOf(w)}, ErrSignature},
		{"the log as a witness", good, "log", keysOf(log), Quorum{1, keysOf(log)}, ErrQuorum},
		{"the log only as a witness", good, "log", nil, Quorum{1, keysOf(log, w)}, ErrSignature},
		{"a plain signature for a cosignature", signed(t, ofLog, log, other), "log", keysOf(log), Quorum{1, keysOf(other)}, ErrQuorum},
		{"a witness that is not of the quorum", good, "log", keysOf(log, w), Quorum{1, nil}, ErrQuorum},
		{"the witness's key under a name that is not of the quorum", signed(t, ofLog, log, alias), "log", keysOf(log, alias), Quorum{1, keysOf(w)}, ErrQuorum},
		{"no cosignature", signed(t, ofLog, log), "log", keysOf(log), Quorum{1, keysOf(w)}, ErrQuorum},
		{"more needed than there are", good, "log", keysOf(log), Quorum{2, keysOf(w)}, ErrQuorum},
		{"less than none needed", good, "log", keysOf(log), Quorum{-1, keysOf(w)}, ErrQuorum},
		{"a nil witness", good, "log", keysOf(log), Quorum{0, []*VerifierKey{nil}}, ErrKey},
		{"a nil log", good, "log", []*VerifierKey{nil}, Quorum{}, ErrKey},
		{"another origin", good, "lag", keysOf(log), Quorum{}, ErrOrigin},
		{"an origin in upper case", good, "LOG", keysOf(log), Quorum{}, ErrOrigin},
		{"a prefix of the origin", good, "lo", keysOf(log), Quorum{}, ErrOrigin},
		{"a longer origin", good, "log ", keysOf(log), Quorum{}, ErrOrigin},
		{"a text that is no checkpoint", signed(t, noteText, log), "log", keysOf(log), Quorum{}, ErrCheckpoint},
		{"a checkpoint cut short", signed(t, "log\n1\n", log), "log", keysOf(log), Quorum{}, ErrCheckpoint},
		{"no note", []byte(ofLog), "log", keysOf(log), Quorum{}, ErrNote},
		{"nothing", nil, "log", keysOf(log), Quorum{}, ErrNote},
		{"a forged cosignature beside a good one", append(good[:len(good):len(good)], line(t, checkpointText, w)...), "log", keysOf(log), Quorum{1, keysOf(w)}, ErrSignature},
	} {
		got, err := OpenCheckpoint(c.msg, c.origin, c.log, c.q)
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v; want %v", c.why, err, c.want)
		}
	}
}

// A trust folder may give logs and witnesses in one list: each counts only as what
// it is.
func TestMixedKeys(t *testing.T) {
	log, w := logSigner(t, "example.com/log", 1), witness(t, "w", 2, 1700000000)
	all := keysOf(w, log)
	msg := signed(t, checkpointText, w, log)
	c, err := OpenCheckpoint(msg, "", all, Quorum{1, all})
	if err != nil || len(c.Cosignatures) != 1 || c.Cosignatures[0].Key != w.VerifierKey {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := OpenCheckpoint(msg, "", all, Quorum{2, all}); !errors.Is(err, ErrQuorum) {
		t.Errorf("the log counts as its own witness: %v", err)
	}
}

// Where no origin is asked for, it is the name of the log that signed.
func TestOriginOfTheKey(t *testing.T) {
	rekor, other := ecdsaSigner(t, "rekor.sigstore.dev", elliptic.P256()), logSigner(t, "other", 2)
	w := witness(t, "witness", 3, 1700000000)
	for origin, good := range map[string]bool{
		"rekor.sigstore.dev":                        true,
		"rekor.sigstore.dev - 2605736670972794746":  true,
		"rekor.sigstore.dev - 0":                    true,
		"other":                                     true,
		"rekor.sigstore.dev - ":                     false,
		"rekor.sigstore.dev -":                      false,
		"rekor.sigstore.dev-1":                      false,
		"rekor.sigstore.dev 1":                      false,
		"rekor.sigstore.dev - -1":                   false,
		"rekor.sigstore.dev - +1":                   false,
		"rekor.sigstore.dev - 1 ":                   false,
		"rekor.sigstore.dev - 1 - 2":                false,
		"rekor.sigstore.dev - 1x":                   false,
		"rekor.sigstore.dev - 0x1":                  false,
		"rekor.sigstore.dev - ٤٢":                   false,
		"rekor.sigstore.dev  -  1":                  false,
		" rekor.sigstore.dev":                       false,
		"xrekor.sigstore.dev - 1":                   false,
		"rekor.sigstore.dev.evil.example":           false,
		"evil.example - rekor.sigstore.dev":         false,
		"rekor.sigstore":                            false,
		"rekor.sigstore - 1":                        false,
		"2605736670972794746":                       false,
		"witness":                                   false,
		"witness - 1":                               false,
		"unsigned":                                  false,
		"rekor.sigstore.dev - 26057366709727947x46": false,
	} {
		text := origin + "\n1\n" + someRoot + "\n"
		keys := append(keysOf(rekor, other), logSigner(t, "unsigned", 4).VerifierKey)
		c, err := OpenCheckpoint(signed(t, text, rekor, other, w), "", keys, Quorum{1, keysOf(w)})
		if good != (err == nil) || !good && !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %v", origin, err)
		}
		if good && c.Origin != origin {
			t.Errorf("%q is read as %q", origin, c.Origin)
		}
		// A caller who names an origin gets that one, whoever the log is.
		if _, err := OpenCheckpoint(signed(t, text, rekor), origin, keys, Quorum{}); err != nil {
			t.Errorf("%q by name: %v", origin, err)
		}
	}
}

// A quorum counts public keys: no key is two witnesses, whatever its names, its
// signatures or the times it is listed.
func TestQuorumCountsKeys(t *testing.T) {
	log := logSigner(t, "example.com/log", 1)
	w, alias := witness(t, "w", 2, 1700000000), witness(t, "alias", 2, 1700000000)
	later := witness(t, "w", 2, 1700000100)
	msg := string(signed(t, checkpointText, log, w, alias))
	for why, c := range map[string]struct {
		msg       string
		witnesses []*VerifierKey
	}{
		"listed twice":        {msg, keysOf(w, w)},
		"parsed twice":        {msg, []*VerifierKey{w.VerifierKey, mustKey(t, w.String())}},
		"under two names":     {msg, keysOf(w, alias)},
		"its line repeated":   {msg + line(t, checkpointText, w), keysOf(w)},
		"signed at two times": {msg + line(t, checkpointText, later), keysOf(w)},
		"all at once":         {msg + line(t, checkpointText, later), keysOf(w, alias, later, w)},
	} {
		got, err := OpenCheckpoint([]byte(c.msg), "", keysOf(log), Quorum{1, c.witnesses})
		if err != nil || len(got.Cosignatures) != 1 {
			t.Errorf("%s: %+v, %v", why, got, err)
		}
		if _, err := OpenCheckpoint([]byte(c.msg), "", keysOf(log), Quorum{2, c.witnesses}); !errors.Is(err, ErrQuorum) {
			t.Errorf("%s: counted as two: %v", why, err)
		}
	}
}

// Whatever the order of the lines, a witness that signed twice is taken at its latest
// time.
func TestLatestCosignature(t *testing.T) {
	log := logSigner(t, "example.com/log", 1)
	early, late := witness(t, "w", 2, 1700000000), witness(t, "w", 2, 1700000100)
	msg := string(signed(t, checkpointText, log))
	for _, lines := range []string{
		line(t, checkpointText, early) + line(t, checkpointText, late),
		line(t, checkpointText, late) + line(t, checkpointText, early),
	} {
		c, err := OpenCheckpoint([]byte(msg+lines), "", keysOf(log), Quorum{1, keysOf(early)})
		if err != nil || c.Cosignatures[0].Time.Unix() != 1700000100 {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// Each set of cosigners meets exactly the quorums that are no larger than it.
func TestQuorums(t *testing.T) {
	log := logSigner(t, "example.com/log", 1)
	var witnesses []signer
	for i := range byte(6) {
		witnesses = append(witnesses, witness(t, "w"+string('0'+rune(i)), 10+i, 1700000000))
	}
	rapid.Check(t, func(rt *rapid.T) {
		signs := rapid.SliceOfN(rapid.Bool(), 6, 6).Draw(rt, "signs")
		trusted := rapid.SliceOfN(rapid.Bool(), 6, 6).Draw(rt, "trusted")
		need := rapid.IntRange(0, 7).Draw(rt, "need")
		signers, count := []note.Signer{log}, 0
		var keys []*VerifierKey
		for i, w := range witnesses {
			if signs[i] {
				signers = append(signers, w)
			}
			if trusted[i] {
				keys = append(keys, w.VerifierKey)
			}
			if signs[i] && trusted[i] {
				count++
			}
		}
		_, err := OpenCheckpoint(signed(t, checkpointText, signers...), "", keysOf(log), Quorum{need, keys})
		if met := err == nil; met != (count >= need) || !met && !errors.Is(err, ErrQuorum) {
			rt.Fatalf("%d of %d: %v", count, need, err)
		}
	})
}

func TestCosignatureTimes(t *testing.T) {
	log := logSigner(t, "example.com/log", 1)
	for seconds, good := range map[uint64]bool{
		0: true, 1: true, 1700000000: true, maxTime: true,
		maxTime + 1: false, math.MaxInt64: false, math.MaxInt64 + 1: false, math.MaxUint64: false,
	} {
		w := witness(t, "w", 2, seconds)
		c, err := OpenCheckpoint(signed(t, checkpointText, log, w), "", keysOf(log), Quorum{1, keysOf(w)})
		if good != (err == nil) || !good && !errors.Is(err, ErrSignature) {
			t.Errorf("%d: %v", seconds, err)
		}
		if good && (c.Cosignatures[0].Time.Unix() != int64(seconds) || c.Cosignatures[0].Time.Location() != time.UTC) {
			t.Errorf("%d is read as %s", seconds, c.Cosignatures[0].Time)
		}
	}
}

// A witness cosigns the whole text, but nothing that is not a checkpoint.
func TestCosignedTexts(t *testing.T) {
	w := witness(t, "w", 2, 1700000000)
	for _, text := range []string{"\n", "a\n", noteText, "log\n01\n" + someRoot + "\n", "log\n1\nx\n"} {
		if w.Verify([]byte(text), w.sign([]byte(text))) {
			t.Errorf("a cosignature over %q holds", text)
		}
	}
	extended := checkpointText + "extension\n"
	if !w.Verify([]byte(extended), w.sign([]byte(extended))) || w.Verify([]byte(extended), w.sign([]byte(checkpointText))) {
		t.Error("extension lines are not cosigned")
	}
}

// Cosignatures as another implementation makes them.
func TestCosignaturesOfFormats(t *testing.T) {
	skey, vkey, err := note.GenerateKey(nil, "w")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := formats.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := formats.VKeyToCosignatureV1(vkey)
	if err != nil {
		t.Fatal(err)
	}
	log := logSigner(t, "example.com/log", 1)
	q := Quorum{1, []*VerifierKey{mustKey(t, cosigner)}}
	c, err := OpenCheckpoint(signed(t, checkpointText, log, theirs), "", keysOf(log), q)
	if err != nil || time.Since(c.Cosignatures[0].Time).Abs() > time.Hour {
		t.Fatalf("%+v, %v", c, err)
	}
}
