package faults

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	stellav1 "stellad/api/stella/v1"
)

// TestFailsClosed does each mutation while the disk is in each trouble: it is refused, soon, and nothing is other than
// it was; or it is done, and its record is there after a kill. When the trouble is over, mutations are done again.
func TestFailsClosed(t *testing.T) {
	asRoot(t)
	unharmed := map[string]time.Duration{} // how long each takes with no trouble, which is the first
	for _, trouble := range troubles {
		t.Run(trouble.name, func(t *testing.T) {
			f := figures{took: map[string]time.Duration{}}
			t.Cleanup(func() { f.report(t, trouble.name) })
			if trouble.name == "none" {
				t.Cleanup(func() { unharmed = f.took })
			}
			for _, m := range mutations {
				if !m.triedIn(trouble) {
					continue
				}
				t.Run(strings.ReplaceAll(strings.TrimPrefix(m.name, "/stella.v1."), "/", "."), func(t *testing.T) {
					t.Parallel()
					done, took := m.inTrouble(t, trouble, unharmed[m.name])
					f.add(m.name, done, took)
				})
			}
		})
	}
}

// triedIn tells whether a mutation is tried in a trouble: the short form takes one of those that need a token for all of
// them.
func (m mutation) triedIn(trouble trouble) bool {
	return long || trouble.brief || !m.keys || m.name == sign
}

// figures are those of one trouble.
type figures struct {
	mu   sync.Mutex
	done int
	took map[string]time.Duration // by the mutation
}

func (f *figures) add(name string, done bool, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.took[name] = took; done {
		f.done++
	}
}

func (f *figures) report(t *testing.T, trouble string) {
	t.Helper()
	t.Logf("%-14s %3d mutations %3d done and durable %3d refused without effect, in %v at most",
		trouble, len(f.took), f.done, len(f.took)-f.done, slices.Max(slices.Collect(maps.Values(f.took))).Round(time.Millisecond))
	if trouble == "none" && f.done < len(mutations) {
		t.Errorf("with no trouble, %d of %d mutations are done: the test is blind", f.done, len(mutations))
	}
}

// inTrouble does it. What it does besides waiting for the disk may take thrice as long as it does unharmed: other tests
// have the processors too.
func (m mutation) inTrouble(t *testing.T, trouble trouble, unharmed time.Duration) (done bool, took time.Duration) {
	t.Helper()
	h := m.home(t, filepath.Join(newDisk(t, 1024).dir, "state"))
	a, before := m.starts(t, h)
	end := trouble.begin(t, a)
	a.heard = len(a.log.String())
	began := time.Now()
	err := m.do(within(t), t, a)
	if took = time.Since(began); took > soon+3*unharmed {
		t.Errorf("it took %v, and %v unharmed: %v", took.Round(time.Millisecond), unharmed.Round(time.Millisecond), err)
	}
	now := m.effect(within(t), t, a)
	if _, intent := os.Stat(filepath.Join(h.state, "audit", "erasing")); m.name == erase && intent == nil {
		now = before // it was begun: a durable intent holds its record, and the end of the trouble finishes it
	}
	if err != nil && now != before && now != "gone" && !m.begun(t, a) {
		t.Errorf("%v, and yet there is %q, was %q", err, now, before)
	}
	end()
	t.Logf("%v after %v", err, took.Round(time.Millisecond))
	a.recovers(t)
	a.kill()
	m.recorded(t, h, a.noted, err == nil, map[bool]int{true: 1}[m.record == "time"]) // recovers writes one
	return err == nil, took
}

// recovers wants acts to be done again soon after a trouble is over.
func (a *appliance) recovers(t *testing.T) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		_, err := a.audit.AcceptTime(ctx, &stellav1.AcceptTimeRequest{})
		cancel()
		switch {
		case err == nil:
			return
		case a.ended():
			t.Errorf("the daemon ended: %v\n%s", a.cmd.ProcessState, a.tail())
			return
		case time.Since(began) > 10*time.Second:
			t.Errorf("10 s after the trouble: %v\n%s", err, a.tail())
			return
		}
	}
}

// recorded holds what a daemon that starts anew says of the log to what was told: what was done was recorded before that
// start, and an annotation is erased where that is recorded, and nowhere else. What was done came after the record since;
// others are records like the mutation's own that were acknowledged.
func (m mutation) recorded(t *testing.T, h home, since uint64, done bool, others int) {
	t.Helper()
	h.good(t)
	a := h.start(t)
	rows, err := a.records(within(t))
	must(t, err)
	there, now, erased := 0, 0, false
	for _, r := range rows {
		w := r.what(t)
		erased = erased || w.Type == "denial" && r.annotation == ""
		if w.Type == "start" {
			there = now
		}
		if w.Seq > since && w.Type == m.record && (m.record != "policy" || w.Body.Version == float64(newVersion)) {
			now++
		}
	}
	if want := others + map[bool]int{true: 1}[done]; there < want {
		t.Errorf("%d records of it are there, and %d were acknowledged", there, want)
	}
	if m.name == erase && erased != (now > 0) {
		t.Errorf("that an annotation is erased is %v, and there are %d records of it", erased, now)
	}
	if m.keys {
		m.wholeKeys(t, a)
	}
	a.stop(t)
}
