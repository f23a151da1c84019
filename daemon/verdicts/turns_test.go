package verdicts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"stellad/attest"
	"stellad/daemon/fair"
)

// TestWaitEnded: who gives up while others are at work gets no verdict, and takes nobody's turn away. What is
// remembered needs no turn.
func TestWaitEnded(t *testing.T) {
	turns := fair.NewTurns(1)
	j := NewJudge(trustRoot(t), 1<<20, turns)
	_, err := j.Load(nil)
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
	_, err := j.Load(nil)
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
		if _, err := j.Load(nil); (err != nil) != (i%3 == 1) {
			t.Errorf("%d: %v", i, err)
		}
	}
	end()
	asking.Wait()
}
