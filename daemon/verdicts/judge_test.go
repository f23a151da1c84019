package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stellad/attest"
	"stellad/attest/trust"
	"stellad/daemon/fair"
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

// TestNewTrust: verdicts go with the trust that they stand on.
func TestNewTrust(t *testing.T) {
	dir := trustRoot(t)
	j := loaded(t, dir)
	first := ask(t, j, about(document(t)))
	trustNobody(t, dir)
	if a := ask(t, j, about(document(t))); !a.Cached || !a.Verified {
		t.Errorf("before it was read: %+v", a)
	}
	if changed, err := j.Load(); err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	if s := j.State(); s.Entries != 0 || s.Bytes != 0 || s.Trust == first.Trust || s.Refused != nil {
		t.Errorf("%+v", s)
	}
	second := ask(t, j, about(document(t)))
	if second.Verified || second.Cached || second.Trust == first.Trust || second.Trust != j.State().Trust {
		t.Errorf("%+v of %+v", second.Ruling, second)
	}
	if changed, err := j.Load(); err != nil || changed {
		t.Errorf("the same once more: %v %v", changed, err)
	}
	if a := ask(t, j, about(document(t))); !a.Cached {
		t.Error("the same trust, and its verdicts are gone")
	}
}

// TestBrokenTrust: what does not load leaves what is in force, and its verdicts, and is told.
func TestBrokenTrust(t *testing.T) {
	dir := trustRoot(t)
	signers, err := os.ReadFile(filepath.Join(dir, "signers.toml"))
	must(t, err)
	j := loaded(t, dir)
	first := ask(t, j, about(document(t)))
	was := j.State()
	spoil(t, dir)
	if changed, err := j.Load(); changed || !errors.Is(err, trust.ErrTrust) {
		t.Errorf("%v %v", changed, err)
	}
	s := j.State()
	if s.Trust != was.Trust || s.Since != was.Since || s.Entries != 1 || !errors.Is(s.Refused, trust.ErrTrust) {
		t.Errorf("%+v", s)
	}
	if line := s.TrustLine(); !strings.HasPrefix(line, was.Trust+" stays in force: ") || strings.Contains(line, "\n") {
		t.Error(line)
	}
	if a := ask(t, j, about(document(t))); !a.Cached || a.Ruling != first.Ruling {
		t.Errorf("%+v", a)
	}
	must(t, os.RemoveAll(dir))
	if changed, err := j.Load(); changed || err == nil || j.State().Trust != was.Trust {
		t.Errorf("a folder that is gone: %v %v", changed, err)
	}
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(demo, "trust"))))
	must(t, os.WriteFile(filepath.Join(dir, "signers.toml"), signers, 0o600))
	if changed, err := j.Load(); changed || err != nil || j.State().Refused != nil || j.State().Entries != 1 {
		t.Errorf("mended: %v %v %+v", changed, err, j.State())
	}
}

func TestNoTrust(t *testing.T) {
	dir := trustRoot(t)
	j := newJudge(t, dir)
	refuses := func(when string) {
		t.Helper()
		if a, err := j.Ask(t.Context(), 1, about(document(t))); !errors.Is(err, ErrNoTrust) || a.Ruling != nil {
			t.Errorf("%s: %+v %v", when, a, err)
		}
		if s := j.State(); s.Trust != "" || s.Refused == nil || !strings.HasPrefix(s.TrustLine(), "nothing can be verified: ") {
			t.Errorf("%s: %+v, %s", when, s, s.TrustLine())
		}
	}
	refuses("before it was read")
	spoil(t, dir)
	_, err := j.Load()
	if err == nil {
		t.Error("a spoilt trust root came into force")
	}
	refuses("a spoilt one")
	trustNobody(t, dir)
	if changed, err := j.Load(); !changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	if a := ask(t, j, about(document(t))); a.Verified {
		t.Errorf("%+v", a)
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
		{"nothing", about(nil), attest.ErrNotBundle},
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

// TestWaitEnded: who gives up while others are at work gets no verdict, and takes nobody's turn away. What is
// remembered needs no turn.
func TestWaitEnded(t *testing.T) {
	turns := fair.NewTurns(1)
	j := NewJudge(trustRoot(t), 1<<20, turns)
	_, err := j.Load()
	must(t, err)
	remembered := ask(t, j, about(document(t)))
	must(t, turns.Take(t.Context(), 2))
	ctx, end := context.WithCancelCause(t.Context())
	end(errors.New("gone"))
	if a, err := j.Ask(ctx, 1, about(tampered(t))); !errors.Is(err, context.Canceled) || a.Ruling != nil {
		t.Errorf("%+v %v", a, err)
	}
	if a, err := j.Ask(ctx, 1, about(document(t))); err != nil || a.Ruling != remembered.Ruling {
		t.Errorf("what is remembered: %+v %v", a, err)
	}
	turns.Give()
	if a := ask(t, j, about(tampered(t))); a.Cached {
		t.Error("the one who gave up was answered")
	}
}

// TestAskAgainAfterWait: of two who ask the same, the one who waited finds the answer of the other.
func TestAskAgainAfterWait(t *testing.T) {
	turns := fair.NewTurns(1)
	j := NewJudge(trustRoot(t), 1<<20, turns)
	_, err := j.Load()
	must(t, err)
	at, goOn := make(chan struct{}), make(chan struct{})
	slow := about(document(t))
	slow.Expect = func() (attest.Expect, error) { close(at); <-goOn; return anything() }
	var all sync.WaitGroup
	all.Go(func() { _, _ = j.Ask(t.Context(), 1, slow) })
	<-at
	for range 8 {
		all.Go(func() {
			a, err := j.Ask(t.Context(), 2, Question{Document: slow.Document, Expect: func() (attest.Expect, error) {
				t.Error("the same was judged twice")
				return anything()
			}})
			if err != nil || !a.Cached || !a.Verified {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	close(goOn)
	all.Wait()
	if s := j.State(); s.Misses != 1 || s.Hits != 8 {
		t.Errorf("%+v", s)
	}
}

// TestAskWhileLoading: whoever asks while trust roots come and go gets the verdict of one of them, whole.
func TestAskWhileLoading(t *testing.T) {
	dir := trustRoot(t)
	j := loaded(t, dir)
	accepts := j.State().Trust
	signers, err := os.ReadFile(filepath.Join(dir, "signers.toml"))
	must(t, err)
	ctx, end := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for uid := range uint32(4) {
		asking.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				q := about(document(t))
				q.Conditions, q.Explain = fmt.Append(nil, i%3), i%2 == 0
				a, err := j.Ask(t.Context(), uid, q)
				if err != nil || a.Verified != (a.Trust == accepts) || q.Explain && a.JSON == nil {
					t.Errorf("%+v %v", a, err)
					return
				}
				_, _ = j.State().TrustLine(), j.State().CacheLine()
			}
		})
	}
	for i := range 20 {
		switch i % 3 {
		case 0:
			trustNobody(t, dir)
		case 1:
			spoil(t, dir)
		case 2:
			must(t, os.WriteFile(filepath.Join(dir, "signers.toml"), signers, 0o600))
		}
		if _, err := j.Load(); (err != nil) != (i%3 == 1) {
			t.Errorf("%d: %v", i, err)
		}
	}
	end()
	asking.Wait()
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

func TestLines(t *testing.T) {
	s := State{Trust: "ab", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Entries: 2, Bytes: 3 << 19, Limit: 64 << 20, Hits: 5, Misses: 6}
	if got, want := s.TrustLine(), "ab in force since 2026-01-02T02:04:05Z"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := s.CacheLine(), "2 remembered in 1.5 of 64 MiB; 5 found, 6 judged"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
