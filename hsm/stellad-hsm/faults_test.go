package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stellad/hsm"
)

// load keeps callers signing until it is told to stop, and counts what they got. Every error must be ErrUnavailable.
func (b *bed) load(key *hsm.Key, callers int) (stop func() (signed, failed int64)) {
	var ok, bad atomic.Int64
	var all sync.WaitGroup
	done := make(chan struct{})
	for range callers {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				switch err := b.signs(key, time.Second); {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, hsm.ErrUnavailable):
					bad.Add(1)
					time.Sleep(time.Millisecond)
				default:
					b.Errorf("neither a signature nor ErrUnavailable: %v", err)
				}
			}
		})
	}
	return func() (int64, int64) {
		close(done)
		all.Wait()
		b.Logf("%d signatures, %d calls failed", ok.Load(), bad.Load())
		return ok.Load(), bad.Load()
	}
}

// TestRestart: a client outlives the program, stopped in order or killed.
func TestRestart(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	key := b.key(b.client(), "k")
	stop := b.load(key, 4)
	for range 3 {
		s.signal(syscall.SIGKILL)
		time.Sleep(50 * time.Millisecond)
		b.recovers(key)
	}
	if signed, failed := stop(); signed == 0 || failed == 0 {
		t.Error("nothing was shown")
	}
	if exits := s.statuses(); !slices.Equal(exits, []int{-1, -1, -1}) {
		t.Errorf("exits %v", exits)
	}
}

// TestFrozen: a process that gets no turn costs the calls their deadline, and nothing after it.
func TestFrozen(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	c := b.client()
	key := b.key(c, "k")
	s.freeze(t)
	for range 3 {
		if err := b.signs(key, 200*time.Millisecond); !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, err := c.Status(ctx); !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		cancel()
	}
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := time.Now()
	if _, err := c.Keys(patient); !errors.Is(err, hsm.ErrUnavailable) || time.Since(start) > hsm.CallLimit+time.Second {
		t.Errorf("whoever has a minute for all that it does is kept %v: %v", time.Since(start), err)
	}
	s.signal(syscall.SIGCONT)
	b.recovers(key)
	if exits := s.statuses(); len(exits) != 0 {
		t.Errorf("exits %v", exits)
	}
}

// TestCrash: a module that crashes ends its process and the calls under way, and nothing else.
func TestCrash(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	key := b.key(b.client(), "k")
	stop := b.load(key, 8)
	time.Sleep(200 * time.Millisecond)
	b.tell("crash")
	b.within(recovery, func(context.Context) error {
		if len(s.statuses()) == 0 {
			return errors.New("it runs still")
		}
		return nil
	})
	b.recovers(key)
	stop()
	if exits := s.statuses(); len(exits) != 1 || exits[0] == int(statusPIN) || exits[0] == 0 {
		t.Errorf("exits %v", exits)
	}
}

// TestHangOnce: one call that does not come back costs itself, by its deadline.
func TestHangOnce(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	c := b.client()
	key := b.key(c, "k")
	b.tell("hang-once")
	if err := b.signs(key, 300*time.Millisecond); !errors.Is(err, hsm.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	for range 200 {
		must(t, b.signs(key, 2*time.Second))
	}
	time.Sleep(3 * time.Second)
	must(t, b.signs(key, 2*time.Second))
	status, err := c.Status(t.Context())
	must(t, err)
	if exits := s.statuses(); len(exits) != 0 || status.SessionsHung != 1 || status.Reconnects != 0 {
		t.Errorf("exits %v, %+v", exits, status)
	}
}

// TestHang: when every session hangs, the process is replaced.
func TestHang(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	c := b.client()
	key := b.key(c, "k")
	stop := b.load(key, 8)
	time.Sleep(200 * time.Millisecond)
	b.tell("hang")
	time.Sleep(1500 * time.Millisecond)
	if status, err := c.Status(t.Context()); err != nil || status.SessionsHung != 4 {
		t.Errorf("%+v %v", status, err)
	}
	b.within(recovery, func(context.Context) error {
		if len(s.statuses()) == 0 {
			return errors.New("it runs still")
		}
		return nil
	})
	b.untell("hang")
	b.recovers(key)
	stop()
	if exits := s.statuses(); exits[0] != int(statusHung) {
		t.Errorf("exits %v", exits)
	}
}

// TestHangAtStart: a module that does not even initialise holds up no answer.
func TestHangAtStart(t *testing.T) {
	b := newBed(t)
	b.tell("hang-start")
	b.supervise()
	c := b.client()
	b.within(10*time.Second, func(ctx context.Context) error { _, err := c.Status(ctx); return err })
	start := time.Now()
	if _, err := c.Keys(t.Context()); !errors.Is(err, hsm.ErrUnavailable) || time.Since(start) > time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	b.untell("hang-start")
	b.key(c, "k")
}

// TestCloseAllSessions: sessions and login are taken away under load, again and again. Each call's second try
// succeeds.
func TestCloseAllSessions(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	c := b.client()
	key := b.key(c, "k")
	before := b.logins()
	const callers = 16
	stop := b.load(key, callers)
	for range 50 { // the next when the one before is mended: a call has one more try, not two
		logins := b.logins()
		b.tell("close-all")
		b.within(recovery, func(context.Context) error {
			if b.logins() == logins {
				return errors.New("nobody logged in")
			}
			return nil
		})
		for range 8 {
			must(t, b.signs(key, 2*time.Second))
		}
	}
	signed, failed := stop()
	// A machine that is busy enough has two closings hit one call, or holds up every caller for its second, once.
	if signed < 100 || failed > callers+2 {
		t.Errorf("%d signed, %d failed", signed, failed)
	}
	must(t, b.signs(key, time.Second))
	status, err := c.Status(t.Context())
	must(t, err)
	if exits := s.statuses(); len(exits) != 0 || b.logins()-before < 50 || status.Reconnects != 0 {
		t.Errorf("exits %v, %d logins, %+v", exits, b.logins()-before, status)
	}
}

// TestTokenAbsent: without its token the program answers, and finds it when it comes.
func TestTokenAbsent(t *testing.T) {
	b := newBed(t)
	away := b.token.Dir + ".away"
	must(t, os.Rename(b.token.Dir, away))
	s := b.supervise()
	c := b.client()
	b.within(10*time.Second, func(ctx context.Context) error { _, err := c.Status(ctx); return err })
	for range 20 {
		start := time.Now()
		_, err := c.Generate(t.Context(), hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
		if !errors.Is(err, hsm.ErrUnavailable) || time.Since(start) > 200*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	}
	status, err := c.Status(t.Context())
	must(t, err)
	if status.Token != nil || status.LoggedIn || status.LastError == "" {
		t.Errorf("%+v", status)
	}
	must(t, os.Rename(away, b.token.Dir))
	took := b.within(recovery, func(ctx context.Context) error {
		_, err := c.Generate(ctx, hsm.Template{Label: "k", Algorithm: hsm.ECDSAP256})
		return err
	})
	t.Logf("found in %v", took)
	if exits := s.statuses(); len(exits) != 0 {
		t.Errorf("exits %v", exits)
	}
}

// TestTokenMoves: the token's folder goes and comes back under load, in one process.
func TestTokenMoves(t *testing.T) {
	b := newBed(t)
	s := b.supervise()
	c := b.client()
	key := b.key(c, "k")
	stop := b.load(key, 8)
	away := b.token.Dir + ".away"
	for range 2 {
		must(t, os.Rename(b.token.Dir, away))
		b.within(recovery, func(context.Context) error {
			if err := b.signs(key, time.Second); !errors.Is(err, hsm.ErrUnavailable) {
				return errors.Join(errors.New("it signs without its token"), err)
			}
			return nil
		})
		time.Sleep(1500 * time.Millisecond)
		if _, err := c.Find(t.Context(), key.Reference()); !errors.Is(err, hsm.ErrUnavailable) {
			t.Errorf("a token that is gone has no such key: %v", err)
		}
		must(t, os.Rename(away, b.token.Dir))
		b.recovers(key)
	}
	stop()
	status, err := c.Status(t.Context())
	must(t, err)
	if exits := s.statuses(); len(exits) != 0 || status.Reconnects < 2 || status.LastError == "" {
		t.Errorf("exits %v, %+v", exits, status)
	}
}

// TestAnotherToken: one that took the place of ours is not taken for it.
func TestAnotherToken(t *testing.T) {
	b := newBed(t)
	b.supervise()
	c := b.client()
	key := b.key(c, "k")
	b.tell("other")
	if _, err := c.Find(t.Context(), hsm.Reference{Label: "none"}); !errors.Is(err, hsm.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	b.untell("other")
	b.recovers(key)
}

// TestGarbage: what a key signs first, after each connection, is verified before it is given out.
func TestGarbage(t *testing.T) {
	b := newBed(t)
	b.supervise()
	key := b.key(b.client(), "k")
	b.tell("garbage")
	if err := b.signs(key, time.Second); !errors.Is(err, hsm.ErrNoKey) {
		t.Errorf("%v", err)
	}
	b.untell("garbage")
	must(t, b.signs(key, time.Second))
}
