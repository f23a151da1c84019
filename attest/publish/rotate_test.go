package publish_test

import (
	"strings"
	"testing"
	"time"

	"stellad/attest"
	"stellad/attest/trust"
)

// Bundles from before and after a rotation verify under what is published after
// it; one by the old key from after the rotation does not.
func TestRotation(t *testing.T) {
	s := newSite(t, edKey(1))
	rotation := start.AddDate(0, 6, 0)
	before := s.bundle(t, start.AddDate(0, 1, 0))
	old := s.key
	s.rotate(t, "signing-2027", rotation)
	s.newAuthority(t, rotation)
	after := s.bundle(t, rotation.Add(time.Hour))
	v := s.verifier(t)
	for name, text := range map[string][]byte{"before": before, "after": after} {
		if got := verdict(t, v, text); !got.Verified {
			t.Errorf("%s: %s", name, got.Reason)
		}
	}
	retired := *s
	retired.key = old
	m := retired.make(t, rotation.Add(time.Hour))
	if _, err := m.Bundle(m.Evidence, v); err == nil || !strings.Contains(err.Error(), "it was valid until") {
		t.Errorf("the old key after its time: %v", err)
	}
}

// A signature that is proven to be older than the compromise stands; a later one and
// an undated one fall.
func TestCompromise(t *testing.T) {
	s := newSite(t, edKey(1))
	at := start.AddDate(0, 3, 0)
	var texts [][]byte
	for _, d := range []time.Duration{-time.Second, 0, time.Second} {
		texts = append(texts, s.bundle(t, at.Add(d)))
	}
	undated, err := s.make(t, at).Envelope.MarshalDSSE()
	must(t, err)
	s.Keys[0].Span.Compromised = at
	v := s.verifier(t)
	for i, want := range []bool{true, false, false} {
		got := verdict(t, v, texts[i])
		if got.Verified != want || !want && !strings.Contains(got.Reason, "it is compromised from 2026-06-01T08:00:00Z on") {
			t.Errorf("bundle %d: %v %s", i, got.Verified, got.Reason)
		}
		if want && !strings.Contains(strings.Join(got.NotEstablished, "\n"), "compromised from 2026-06-01T08:00:00Z on, and this signature is proven to be older") {
			t.Errorf("what stands does not say so: %q", got.NotEstablished)
		}
	}
	docs, err := attest.Parse(undated)
	must(t, err)
	if got := v.Verify(docs[0], attest.Expect{}); got.Verified || !strings.Contains(got.Reason, "no time is proven") {
		t.Errorf("undated: %v %s", got.Verified, got.Reason)
	}
	if got := v.Verify(docs[0], attest.Expect{Signers: []*trust.Signer{{Where: trust.Caller, Needs: trust.DefaultNeeds, Keys: []*trust.Key{keyOf(t, s)}}}}); got.Verified {
		t.Error("whoever names the key gets round its compromise")
	}
}

func keyOf(t *testing.T, s *site) *trust.Key {
	t.Helper()
	id, err := trust.KeyID(s.key.Public())
	must(t, err)
	return &trust.Key{Name: "--key", ID: id, Public: s.key.Public()}
}
