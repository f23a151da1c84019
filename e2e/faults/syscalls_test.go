package faults

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// calls are those by which a daemon changes what is on its disk. Its replies go by others.
var calls = []string{"pwrite64", "fdatasync", "fsync", "msync", "ftruncate", "fallocate", "renameat", "unlinkat", "openat"}

// An attempt is one mutation, the calls that fail meanwhile, and from when on.
type attempt struct {
	mutation
	calls []string
	times int  // how many of a thread's calls of a kind are tried, one after the other
	late  bool // they fail from when its intent is durable; else from its beginning
}

// attempts are all of them. The short form takes of those that need a token the calls that they make for certain.
func attempts() (all []attempt) {
	of := func(short ...string) []string {
		if long {
			return append(slices.Clone(calls), "linkat", "renameat2", "mkdirat")
		}
		return short
	}
	for _, m := range mutations {
		switch {
		case m.name == sign: // its blob and its record come after the intent
			all = append(all, attempt{m, of("fdatasync", "pwrite64"), times(1, 12), false},
				attempt{m, of("pwrite64", "fdatasync", "fsync", "renameat", "openat"), times(2, 12), true})
		case m.record == "stamp", slices.ContainsFunc(ofPolicies, func(p mutation) bool { return p.name == m.name }):
			all = append(all, attempt{m, of("fdatasync"), times(1, 12), false})
		case m.keys: // whose record comes first, and then the published trust
			all = append(all, attempt{m, of("fdatasync", "fsync", "renameat2"), times(1, 12), false})
		case m.record == "time": // the least that an act does, at every call
			all = append(all, attempt{m, calls, times(1, 12), false})
		case m.name[0] == '/': // the others are the same acts, asked for in another way
			all = append(all, attempt{m, of("pwrite64", "fdatasync", "renameat", "unlinkat"), times(1, 12), false})
		}
	}
	return all
}

// TestFailingCalls has the first, second, … of each such call of each act fail, or be the daemon's last. The act is done,
// and durable; or it is refused and has no effect. The daemon that starts then finds a state that is good.
func TestFailingCalls(t *testing.T) {
	asRoot(t)
	for name, how := range map[string]string{"EIO": "error=EIO", "KILL": "signal=KILL"} {
		var f callFigures
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { f.report(t, name) })
			for _, m := range attempts() {
				for _, call := range m.calls {
					t.Run(fmt.Sprint(path.Base(m.name), " ", call, map[bool]string{true: " late"}[m.late]), func(t *testing.T) {
						t.Parallel()
						for when := 1; when <= m.times; when++ {
							// Threads are counted singly, and what goes on after the intent goes on in several.
							if !m.withFailing(t, fmt.Sprintf("%s:%s:when=%d", call, how, when), &f) && !m.late {
								break
							}
						}
					})
				}
			}
		})
	}
}

type callFigures struct {
	mu                               sync.Mutex
	hit, done, refused, missed, late int
}

func (f *callFigures) add(hit, done, late bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for count, is := range map[*int]bool{
		&f.hit: hit, &f.missed: !hit, &f.done: hit && done, &f.refused: hit && !done, &f.late: hit && late,
	} {
		if is {
			*count++
		}
	}
}

func (f *callFigures) report(t *testing.T, name string) {
	t.Helper()
	t.Logf("%-12s %4d calls of acts %4d acts done %4d refused %4d not reached; %3d between a signature's intent and its end",
		name, f.hit, f.done, f.refused, f.missed, f.late)
	if f.hit < len(mutations) || f.late == 0 {
		t.Errorf("%d calls were hit: the test is blind", f.hit)
	}
}

// withFailing does a mutation while a call fails, and tells whether there was one to fail.
func (m attempt) withFailing(t *testing.T, what string, f *callFigures) (hit bool) {
	t.Helper()
	h := m.home(t, "")
	a, before := m.starts(t, h)
	a.heard = len(a.log.String())
	end, err := m.doFailing(t, a, what)
	if strings.Contains(what, "KILL") && err != nil {
		select {
		case <-a.exited: // it is on its way
		case <-time.After(soon): // it was refused for another reason
		}
	}
	if !a.ended() && err != nil && m.name != erase { // which may have been begun: its intent is durable
		if now := m.effect(within(t), t, a); now != before && now != "gone" && !m.begun(t, a) {
			t.Errorf("%s: %v, and yet there is %q, was %q", what, err, now, before)
		}
	}
	a.kill()
	end()
	trace, readErr := os.ReadFile(a.path("strace"))
	must(t, readErr)
	hit = strings.Contains(string(trace), "INJECTED") || strings.Contains(string(trace), "killed by SIGKILL") && err != nil
	f.add(hit, err == nil, m.late)
	m.recorded(t, h, a.noted, err == nil, 0)
	return hit
}

// doFailing does the mutation. To have calls fail between an intent and what comes after it, the token is stopped in the
// meantime.
func (m attempt) doFailing(t *testing.T, a *appliance, what string) (end func(), err error) {
	t.Helper()
	if !m.late {
		end = a.inject(t, what)
		return end, m.do(within(t), t, a)
	}
	halt(t, a.token.pid())
	done := make(chan error, 1)
	ctx := within(t)
	go func() { done <- m.do(ctx, t, a) }()
	for deadline := time.Now().Add(soon); !m.begun(t, a); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("there is no intent")
			break
		}
	}
	end = a.inject(t, what)
	must(t, syscall.Kill(a.token.pid(), syscall.SIGCONT))
	return end, <-done
}
