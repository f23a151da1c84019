package verdicts

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stellad/attest"
)

const release = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"

func TestAsk(t *testing.T) {
	j := loaded(t, trustRoot(t))
	q := about(document(t))
	before := time.Now()
	first := ask(t, j, q)
	if !first.Verified || first.Reason != "" || first.Signer != release || first.PredicateType != "https://slsa.dev/provenance/v1" ||
		first.Trust != j.State().Trust || first.JSON != nil || first.Cached || first.Age != 0 {
		t.Errorf("%+v of %+v", first.Ruling, first)
	}
	second := ask(t, j, q)
	if second.Ruling != first.Ruling || !second.Cached || second.Age <= 0 || second.Age > time.Since(before) {
		t.Errorf("the second time: %+v", second)
	}
	if third := ask(t, j, q); third.Age < second.Age {
		t.Errorf("a verdict became younger: %v after %v", third.Age, second.Age)
	}
	if s := j.State(); s.Hits != 2 || s.Misses != 1 || s.Entries != 1 || s.Bytes != first.size() {
		t.Errorf("%+v", s)
	}
}

// TestAskRefusal: a refusal is an answer as good as any other, and remembered like one.
func TestAskRefusal(t *testing.T) {
	j := loaded(t, trustRoot(t))
	first := ask(t, j, about(tampered(t)))
	if first.Verified || first.Reason == "" || strings.Contains(first.Reason, "\n") || first.Signer != "" || first.PredicateType != "" || first.Cached {
		t.Errorf("%+v", first.Ruling)
	}
	second := ask(t, j, about(tampered(t)))
	if second.Verified || second.Ruling != first.Ruling || !second.Cached {
		t.Errorf("the second time: %+v", second)
	}
	if good := ask(t, j, about(document(t))); !good.Verified || good.Cached {
		t.Errorf("the document that it was made of: %+v", good)
	}
}

// TestExplain: a verdict that was remembered without its JSON is reached again for who wants it, and does for both then.
func TestExplain(t *testing.T) {
	for name, document := range map[string][]byte{"verified": document(t), "refused": tampered(t)} {
		j := loaded(t, trustRoot(t))
		plain, whole := about(document), about(document)
		whole.Explain = true
		ask(t, j, plain)
		first := ask(t, j, whole)
		var v attest.Verdict
		if err := json.Unmarshal(first.JSON, &v); err != nil || v.Verified != first.Verified || v.Reason != first.Reason || len(v.Links) == 0 {
			t.Errorf("%s: %.80s %v", name, first.JSON, err)
		}
		if first.Cached {
			t.Errorf("%s: what was remembered had no JSON", name)
		}
		if second := ask(t, j, whole); second.Ruling != first.Ruling || !second.Cached {
			t.Errorf("%s: %+v", name, second)
		}
		if third := ask(t, j, plain); third.Ruling != first.Ruling || !third.Cached {
			t.Errorf("%s: asked plainly again: %+v", name, third)
		}
		if s := j.State(); s.Entries != 1 || s.Bytes != first.size() || s.Misses != 2 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestAnotherQuestion: what differs in anything that a verdict depends on is no question that was answered.
func TestAnotherQuestion(t *testing.T) {
	j := loaded(t, trustRoot(t))
	q := about(document(t))
	q.Conditions = []byte("a")
	ask(t, j, q)
	conditions, spaces := q, q
	conditions.Conditions = []byte("b")
	conditions.Expect = func() (attest.Expect, error) { return attest.Expect{PredicateType: "another"}, nil }
	spaces.Document = append(document(t), '\n')
	if a := ask(t, j, conditions); a.Cached || a.Verified {
		t.Errorf("other conditions: %+v", a)
	}
	if a := ask(t, j, spaces); a.Cached || !a.Verified {
		t.Errorf("other bytes: %+v", a)
	}
	if a := ask(t, j, q); !a.Cached || !a.Verified {
		t.Errorf("the first one again: %+v", a)
	}
}

// TestKeys: no two questions run together, wherever the line between their parts is.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[ab\x00]{0,3}`)
		type question struct{ trust, conditions, document string }
		draw := func(label string) question {
			return question{part.Draw(t, label+" trust"), part.Draw(t, label+" conditions"), part.Draw(t, label+" document")}
		}
		key := func(q question, explain bool) key {
			return keyOf(q.trust, Question{Conditions: []byte(q.conditions), Document: []byte(q.document), Explain: explain})
		}
		a, b := draw("a"), draw("b")
		if same := key(a, true) == key(b, false); same != (a == b) {
			t.Fatalf("%q and %q: one key: %v", a, b, same)
		}
	})
	for _, pair := range [][2]key{
		{keyOf("ab", Question{}), keyOf("a", Question{Conditions: []byte("b")})},
		{keyOf("t", Question{Conditions: []byte("ab")}), keyOf("t", Question{Conditions: []byte("a"), Document: []byte("b")})},
		{keyOf("t", Question{Conditions: []byte("d")}), keyOf("t", Question{Document: []byte("d")})},
		{keyOf("", Question{Document: []byte("t")}), keyOf("t", Question{})},
	} {
		if pair[0] == pair[1] {
			t.Error("two questions run together")
		}
	}
}

// TestNoVerdict: a question that has none is asked anew each time.
func TestNoVerdict(t *testing.T) {
	j := loaded(t, trustRoot(t))
	odd := errors.New("odd")
	two := append(append(document(t), '\n'), document(t)...)
	for _, c := range []struct {
		name string
		q    Question
		want error
	}{
		{"two documents", about(two), ErrManyDocuments},
		{"no bundle", about([]byte("{}")), attest.ErrNotBundle},
		{"no JSON", about([]byte("\x00")), attest.ErrNotBundle},
		{"nothing", about([]byte{}), attest.ErrNotBundle},
		{"no conditions", Question{Document: document(t), Expect: func() (attest.Expect, error) { return attest.Expect{}, odd }}, odd},
	} {
		for range 2 {
			a, err := j.Ask(t.Context(), 1, c.q)
			if !errors.Is(err, c.want) || a.Ruling != nil || a.Cached {
				t.Errorf("%s: %+v %v", c.name, a, err)
			}
		}
	}
	if s := j.State(); s.Entries != 0 || s.Bytes != 0 || s.Hits != 0 || s.Misses != 10 {
		t.Errorf("%+v", s)
	}
}

func TestSigner(t *testing.T) {
	for want, s := range map[string]*attest.SignerRef{
		"":                    nil,
		"a@example.test":      {Name: "n", Identity: "a@example.test", Issuer: "i"},
		"sha256:aa":           {Name: "n", Keys: []attest.KeyRef{{Name: "k", SHA256: "aa"}}},
		"sha256:aa sha256:bb": {Keys: []attest.KeyRef{{SHA256: "aa"}, {SHA256: "bb"}}},
		"identity goes first": {Identity: "identity goes first", Keys: []attest.KeyRef{{SHA256: "aa"}}},
	} {
		if got := signer(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
