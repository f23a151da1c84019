package fair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A line is callers who wait for their turns, and who got one, in order. It lives in a bubble of synctest, whose Wait
// returns when everybody waits: what is looked at then is settled.
type line struct {
	turns *Turns
	got   []string // under mu
	mu    sync.Mutex
}

func (l *line) wait(ctx context.Context, uid uint32, name string) {
	go func() {
		if l.turns.Take(ctx, uid) == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.got = append(l.got, name)
		}
	}()
	synctest.Wait() // in line, before the next comes
}

// served gives turns back one by one, and tells who got them.
func (l *line) served(n int) []string {
	for range n {
		l.turns.Give()
		synctest.Wait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got
}

func (t *Turns) idle(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.free == n && len(t.waiting) == 0 && len(t.order) == 0
}

// TestTurns: users take turns, a user's own calls come in order.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{turns: NewTurns(1)}
		l.wait(t.Context(), 1, "at work")
		for i, uid := range []uint32{1, 1, 1, 2, 3, 2} {
			l.wait(t.Context(), uid, fmt.Sprintf("%d:%d", uid, i))
		}
		want := []string{"at work", "1:0", "2:3", "3:4", "1:1", "2:5", "1:2"}
		if got := l.served(6); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		l.turns.Give()
		if !l.turns.idle(1) {
			t.Errorf("something is left: %+v", l.turns)
		}
	})
}

// TestCrowd: of a hundred that one user has in line, one at most comes before another user's.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{turns: NewTurns(1)}
		for range 101 {
			l.wait(t.Context(), 1, "crowd")
		}
		l.wait(t.Context(), 2, "single")
		if got := l.served(2); !slices.Equal(got, []string{"crowd", "crowd", "single"}) {
			t.Errorf("%d came first", len(got)-1)
		}
		// The next time it waits behind one again, and not behind those of the crowd that came before it.
		l.wait(t.Context(), 2, "again")
		if got := l.served(2)[3:]; !slices.Equal(got, []string{"crowd", "again"}) {
			t.Errorf("the second time: %v", got)
		}
		l.served(98)
		l.turns.Give()
		if !l.turns.idle(1) {
			t.Error("turns were lost")
		}
	})
}

// TestLeaving: who leaves the line leaves no trace, wherever it stood.
func TestLeaving(t *testing.T) {
	users := []uint32{1, 1, 2, 3, 3, 3}
	for leaver := range users {
		synctest.Test(t, func(t *testing.T) {
			l := &line{turns: NewTurns(1)}
			l.wait(t.Context(), 9, "at work")
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			for i, uid := range users {
				own := t.Context()
				if i == leaver {
					own = ctx
				}
				l.wait(own, uid, fmt.Sprint(i))
			}
			leave()
			synctest.Wait()
			got := l.served(len(users) - 1)
			if len(got) != len(users) || slices.Contains(got, fmt.Sprint(leaver)) {
				t.Errorf("number %d left, and %v were served", leaver, got)
			}
			l.turns.Give()
			if !l.turns.idle(1) {
				t.Errorf("number %d left something", leaver)
			}
		})
	}
}

// TestTurnOfOneWhoLeaves: a turn that comes at the moment of leaving is the next one's. Both are made to have happened
// by the time that either is looked at.
func TestTurnOfOneWhoLeaves(t *testing.T) {
	refused := 0
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			turns := NewTurns(1)
			ctx, leave := context.WithCancel(t.Context())
			if err := turns.Take(ctx, 1); err != nil {
				t.Fatal(err)
			}
			first, second := make(chan error, 1), make(chan error, 1)
			go func() { first <- turns.Take(ctx, 1) }()
			synctest.Wait()
			go func() { second <- turns.Take(t.Context(), 2) }()
			synctest.Wait()
			leave()
			turns.Give()
			if err := <-first; err == nil {
				turns.Give()
			} else {
				refused++
			}
			if err := <-second; err != nil {
				t.Error(err)
			}
			turns.Give()
			if !turns.idle(1) {
				t.Errorf("the turn was lost: %+v", turns)
			}
		})
	}
	if refused == 0 {
		t.Error("no turn ever met one who leaves: this shows nothing")
	}
}

// TestLeaveAfterTurn is the same moment from inside: the turn was given, the leaver did not look.
func TestLeaveAfterTurn(t *testing.T) {
	turns := NewTurns(0)
	turn := make(chan struct{})
	turns.waiting[1], turns.order = []chan struct{}{turn}, []uint32{1}
	turns.Give()
	turns.leave(1, turn)
	if !turns.idle(1) {
		t.Errorf("the turn was lost: %+v", turns)
	}
}

func TestTakeEnded(t *testing.T) {
	turns := NewTurns(0)
	cause, end := context.WithCancel(context.Background())
	end()
	if err := turns.Take(cause, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that had ended got %v", err)
	}
	late, end := context.WithTimeout(context.Background(), 0)
	defer end()
	if err := turns.Take(late, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call whose time was over got %v", err)
	}
	if !turns.idle(0) {
		t.Error("they are still in line")
	}
}

// TestTurnsAlways: whatever comes, goes and gives up, no more than n work at a time and no turn is lost. Synctest fails
// it should anybody be left waiting.
func TestTurnsAlways(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "n")
		callers := rapid.SliceOfN(rapid.Uint32Range(1, 4), 1, 60).Draw(rt, "users")
		leavers := rapid.SliceOfN(rapid.Bool(), len(callers), len(callers)).Draw(rt, "leave")
		after := time.Duration(rapid.IntRange(0, 30).Draw(rt, "leave after")) * time.Millisecond
		synctest.Test(t, func(t *testing.T) {
			turns := NewTurns(n)
			var at atomic.Int64
			var all sync.WaitGroup
			ctx, leave := context.WithCancel(t.Context())
			for i, uid := range callers {
				own := t.Context()
				if leavers[i] {
					own = ctx
				}
				all.Go(func() {
					if turns.Take(own, uid) != nil {
						return
					}
					if now := at.Add(1); now > int64(n) {
						t.Errorf("%d at work, want %d at most", now, n)
					}
					time.Sleep(time.Millisecond) // of the bubble: the others are in line by then
					at.Add(-1)
					turns.Give()
				})
			}
			time.Sleep(after)
			leave()
			all.Wait()
			if !turns.idle(n) {
				t.Errorf("something is left: %+v", turns)
			}
		})
	})
}
