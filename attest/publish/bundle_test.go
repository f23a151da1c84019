package publish_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"stellad/attest"
	"stellad/attest/sign"
	"stellad/tlog"
)

// logKeys are the kinds of keys that a signature log may have.
func logKeys(t testing.TB) map[string]crypto.Signer {
	return map[string]crypto.Signer{"ed25519": edKey(1), "p256": newP256(t)}
}

// What is made verifies under what is published: here, and by sigstore-go.
func TestBundle(t *testing.T) {
	for name, logKey := range logKeys(t) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, logKey)
			m := s.make(t, start.AddDate(0, 1, 0))
			text, err := m.Bundle(m.Evidence, s.verifier(t))
			must(t, err)
			again, err := m.Bundle(m.Evidence, s.verifier(t))
			if err != nil || !bytes.Equal(text, again) || bytes.ContainsAny(text, "\n ") && !json.Valid(text) {
				t.Errorf("made again, it is another: %v", err)
			}
			v := verdict(t, s.verifier(t), text)
			e := v.Established
			if !v.Verified || e.Signer.Keys[0].SHA256 != m.KeyID() || e.Logs[0].Index != 2 || e.Logs[0].Size != 3 || !e.Logs[0].Proof ||
				!e.Times[0].Time.Equal(start.AddDate(0, 1, 0)) || len(e.Subjects) != 2 || e.Artifact == nil {
				t.Errorf("%s %+v", v.Reason, e)
			}
			must(t, peer(t, s, s, text))
		})
	}
}

// peer has sigstore-go's own verifier judge a bundle, by the trusted root that one
// site publishes and the key of another.
func peer(t testing.TB, roots, keys *site, text []byte) error {
	t.Helper()
	files, err := roots.Files()
	must(t, err)
	trusted, err := root.NewTrustedRootFromJSON(files[len(files)-1].Bytes)
	must(t, err)
	key, err := signature.LoadDefaultVerifier(keys.key.Public())
	must(t, err)
	known := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(key, time.Time{}, time.Time{}), nil
	})
	verifier, err := verify.NewVerifier(root.TrustedMaterialCollection{known, trusted}, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
	must(t, err)
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return err
	}
	_, err = verifier.Verify(&b, verify.NewPolicy(verify.WithArtifact(bytes.NewReader(artifact)), verify.WithKey()))
	return err
}

// changes are what may go wrong with evidence, and what the refusal says.
var changes = map[string]struct {
	change func(testing.TB, *site, *made)
	reason string
}{
	"no log":         {func(_ testing.TB, _ *site, m *made) { m.Log = nil }, "no proof by a log"},
	"no proof":       {func(_ testing.TB, _ *site, m *made) { m.Proof = nil }, "no proof by a log"},
	"no checkpoint":  {func(_ testing.TB, _ *site, m *made) { m.Proof.Checkpoint = nil }, "not a signed note"},
	"no timestamp":   {func(_ testing.TB, _ *site, m *made) { m.Stamps = nil }, "no time is proven"},
	"no token":       {func(_ testing.TB, _ *site, m *made) { m.Stamps = [][]byte{nil} }, ""},
	"another index":  {func(_ testing.TB, _ *site, m *made) { m.Proof.Index-- }, "log entry: the Merkle proof does not hold"},
	"a hash altered": {func(_ testing.TB, _ *site, m *made) { m.Proof.Hashes[0][3] ^= 1 }, "the Merkle proof does not hold"},
	"a hash less":    {func(_ testing.TB, _ *site, m *made) { m.Proof.Hashes = nil }, "the Merkle proof does not hold"},
	"a hash more":    {func(_ testing.TB, _ *site, m *made) { m.Proof.Hashes = append(m.Proof.Hashes, tlog.Hash{}) }, "the Merkle proof does not hold"},
	"a checkpoint altered": {func(_ testing.TB, _ *site, m *made) {
		m.Proof.Checkpoint = bytes.Replace(m.Proof.Checkpoint, []byte("\n3\n"), []byte("\n4\n"), 1)
	}, "signature does not hold"},
	"the log's other entry": {func(t testing.TB, s *site, m *made) { m.Proof = s.prove(t, []byte("other")) }, "the Merkle proof does not hold"},
	"another's log": {func(t testing.TB, _ *site, m *made) {
		other := newSite(t, edKey(9))
		m.Log, m.Proof = other.log.VerifierKey(), other.prove(t, m.Entry())
	}, "needs 1 log entries, 0 proven"},
	"another's key for the log": {func(t testing.TB, _ *site, m *made) { m.Log = newSite(t, edKey(9)).log.VerifierKey() }, "is by a known key"},
	"another's authority": {func(t testing.TB, _ *site, m *made) {
		stamp, err := newSite(t, edKey(9)).tsa.Stamp(m.Signature(), start.AddDate(0, 1, 0), 0)
		must(t, err)
		m.Stamps = [][]byte{stamp}
	}, "no time is proven"},
	"one of two authorities": {func(t testing.TB, s *site, m *made) {
		stamp, err := newSite(t, edKey(9)).tsa.Stamp(m.Signature(), start, 0)
		must(t, err)
		m.Stamps = append(m.Stamps, stamp)
	}, "1 of 2 timestamps"},
	"a timestamp twice":          {func(_ testing.TB, _ *site, m *made) { m.Stamps = append(m.Stamps, m.Stamps[0]) }, "stands there twice"},
	"a timestamp of other bytes": {func(t testing.TB, s *site, m *made) { m.Stamps = s.make(t, start).Stamps }, "made over other bytes"},
	"a timestamp from before": {func(t testing.TB, s *site, m *made) {
		s.Timestampers[0].From = start.AddDate(0, 6, 0)
	}, "before the authority's first day"},
	"a key from later":       {func(_ testing.TB, s *site, _ *made) { s.Keys[0].Span.From = start.AddDate(0, 6, 0) }, "it is valid from"},
	"a key that ended":       {func(_ testing.TB, s *site, _ *made) { s.Keys[0].Span.Until = start.Add(time.Hour) }, "it was valid until"},
	"a compromised key":      {func(_ testing.TB, s *site, _ *made) { s.Keys[0].Span.Compromised = start.Add(time.Hour) }, "it is compromised from"},
	"a log's key from later": {func(_ testing.TB, s *site, _ *made) { s.Logs[0].From = start.AddDate(0, 6, 0) }, "outside the span of the key"},
	"a key not published":    {func(t testing.TB, s *site, _ *made) { s.Keys[0].Public = newP256(t).Public() }, "no accepted key made it"},
}

// Nothing is given that would not verify, and the reason is told.
func TestBundleRefuses(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		s := newSite(t, edKey(1))
		m := s.make(t, start.AddDate(0, 1, 0))
		changes[name].change(t, s, &m)
		text, err := m.Bundle(m.Evidence, s.verifier(t))
		if !errors.Is(err, sign.ErrBundle) || text != nil || !strings.Contains(err.Error(), changes[name].reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whichever text or number of a bundle is changed, it is refused, or it was named as
// not authenticated. What sigstore-go passes over, this project does not.
func TestBundleAltered(t *testing.T) {
	s := newSite(t, edKey(1))
	text := s.bundle(t, start.AddDate(0, 1, 0))
	v := s.verifier(t)
	free := []string{"mediaType", "verificationMaterial.publicKey.hint"}
	n := 0
	var doc any
	must(t, json.Unmarshal(text, &doc))
	alter(doc, "", func(path string) {
		n++
		changed, err := json.Marshal(doc)
		must(t, err)
		docs, err := attest.Parse(changed)
		if err != nil {
			return
		}
		if got := v.Verify(docs[0], attest.Expect{}); got.Verified && !slices.Contains(free, path) {
			t.Errorf("%s: verified", path)
		}
	})
	if n < 40 {
		t.Errorf("only %d places were changed", n)
	}
}

// alter changes each leaf of a JSON document in turn, in a few ways, and puts it back.
func alter(value any, path string, try func(path string)) {
	each := func(at string, leaf any, set func(any)) {
		text, ok := leaf.(string)
		if !ok {
			alter(leaf, at, try)
			return
		}
		for _, i := range []int{0, len(text) / 2, len(text) - 5} {
			if i = max(0, i); i < len(text) {
				set(text[:i] + string(text[i]^1) + text[i+1:])
				try(at)
			}
		}
		set(text)
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			each(strings.TrimPrefix(path+"."+name, "."), value[name], func(v any) { value[name] = v })
		}
	case []any:
		for i := range value {
			each(fmt.Sprintf("%s[%d]", path, i), value[i], func(v any) { value[i] = v })
		}
	}
}
