package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// calls are those by which a daemon changes what is on its disk. Its replies go by others.
var calls = []string{"pwrite64", "fdatasync", "fsync", "msync", "ftruncate", "fallocate", "renameat", "unlinkat", "openat"}

// TestFailingCalls has the first, second, … of each such call of each act fail, or be the daemon's last. The act is done,
// and durable; or it is refused and has no effect. The daemon that starts then finds a state that is good.
func TestFailingCalls(t *testing.T) {
	asRoot(t)
	for name, how := range map[string]string{"EIO": "error=EIO", "KILL": "signal=KILL"} {
		var f callFigures
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() {
				t.Logf("%-12s %4d calls of acts %4d acts done %4d refused %4d not reached", name, f.hit, f.done, f.refused, f.missed)
				if f.hit < len(mutations) {
					t.Errorf("%d calls were hit: the test is blind", f.hit)
				}
			})
			for _, m := range append(slices.Clone(mutations[:4]), ofKeys...) { // those between are the same acts, asked for in another way
				for _, call := range calls {
					t.Run(m.record+" "+call, func(t *testing.T) {
						t.Parallel()
						for when := 1; when <= m.failures(); when++ {
							if !m.withFailing(t, fmt.Sprintf("%s:%s:when=%d", call, how, when), &f) {
								break
							}
						}
					})
				}
			}
		})
	}
}

// failures is how many of a mutation's calls of a kind fail, one after the other.
func (m mutation) failures() int {
	switch {
	case m.name == sign:
		return times(12, 12)
	case m.keys:
		return times(1, 12)
	}
	return times(2, 12)
}

type callFigures struct {
	mu                         sync.Mutex
	hit, done, refused, missed int
}

func (f *callFigures) add(hit, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for count, is := range map[*int]bool{&f.hit: hit, &f.missed: !hit, &f.done: hit && done, &f.refused: hit && !done} {
		if is {
			*count++
		}
	}
}

// withFailing does a mutation while a call fails, and tells whether there was one to fail.
func (m mutation) withFailing(t *testing.T, what string, f *callFigures) (hit bool) {
	t.Helper()
	h := m.home(t, "")
	a := h.start(t)
	a.annotate(t)
	before := m.effect(within(t), t, a)
	end := a.inject(t, what)
	a.heard = len(a.log.String())
	err := m.do(within(t), t, a)
	if !a.ended() && err != nil && m.name != erase { // which may have been begun: its intent is durable
		if now := m.effect(within(t), t, a); now != before && now != "gone" && !m.begun(t, a) {
			t.Errorf("%s: %v, and yet there is %q, was %q", what, err, now, before)
		}
	}
	if strings.Contains(what, "KILL") && err != nil {
		<-a.exited // it is on its way
	} else {
		a.kill()
	}
	end()
	trace, readErr := os.ReadFile(a.path("strace"))
	must(t, readErr)
	hit = strings.Contains(string(trace), "INJECTED") || strings.Contains(string(trace), "killed by SIGKILL") && err != nil
	f.add(hit, err == nil)
	m.recorded(t, h, a.noted, err == nil, 0)
	return hit
}
