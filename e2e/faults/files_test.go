package faults

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A harm is something done to one file of a state folder.
type harm struct {
	name string
	do   func(t testing.TB, s sample, state, file string)
}

var harms = []harm{
	{"deleted", func(t testing.TB, _ sample, state, file string) { must(t, os.Remove(filepath.Join(state, file))) }},
	{"halved", func(t testing.TB, _ sample, state, file string) {
		name := filepath.Join(state, file)
		data, size := trimmed(t, name)
		half := int64(len(data) / 2) // of what it says, not of the zeros after it
		if len(data) == 0 {
			half = size / 2
		}
		must(t, os.Truncate(name, half))
	}},
	{"swapped", func(t testing.TB, s sample, state, file string) {
		all := files(t, state)
		for i, other := range all {
			if other == file {
				swap(t, state, file, all[(i+1)%len(all)])
			}
		}
	}},
	{"yesterday's", func(t testing.TB, s sample, state, file string) {
		text, err := os.ReadFile(filepath.Join(s.yesterday, file))
		if errors.Is(err, fs.ErrNotExist) {
			return // it was not there
		}
		must(t, err)
		must(t, os.WriteFile(filepath.Join(state, file), text, 0o600))
	}},
}

func swap(t testing.TB, state, one, other string) {
	t.Helper()
	one, other = filepath.Join(state, one), filepath.Join(state, other)
	must(t, os.Rename(one, one+".swap"))
	must(t, os.Rename(other, one))
	must(t, os.Rename(one+".swap", other))
}

// A verdict is what became of a harmed folder.
type verdict struct {
	check  int    // the status that `stellad check` left with
	start  string // "refused", "told", or "as it was"
	silent string // what is other, and nobody says so
	said   string
}

// TestFiles harms each file of a state folder in each way: a daemon that starts on it says so, or refuses, or holds what
// it held. Where `stellad check` finds it good, all of it must be.
func TestFiles(t *testing.T) {
	for _, end := range []struct {
		name   string
		killed bool
	}{{"stopped", false}, {"killed", true}} {
		s := newSample(t, end.killed)
		for i, harm := range harms {
			if !long && end.killed != (i%2 == 1) {
				continue // each harm to one of the two
			}
			counts := map[string]int{}
			var mu sync.Mutex
			t.Run(end.name+"/"+harm.name, func(t *testing.T) {
				for _, file := range files(t, s.state) {
					t.Run(file, func(t *testing.T) {
						t.Parallel()
						v := s.judge(t, func(state string) { harm.do(t, s, state, file) })
						mu.Lock()
						defer mu.Unlock()
						counts[v.start]++
						if v.check == 3 {
							counts["found by check"]++
						}
						if v.silent != "" {
							counts["silent"]++
							t.Errorf("%s, and nobody says so: %s\n%s", harm.name, v.silent, v.said)
						}
					})
				}
			})
			t.Logf("%-8s %-12s %v", end.name, harm.name, counts)
		}
	}
}

// judge harms a copy of the sample and lets a check and a daemon look at it.
func (s sample) judge(t *testing.T, do func(state string)) verdict {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	copyFolder(t, state, s.state)
	do(state)
	copyFolder(t, filepath.Join(dir, "other"), state)
	var v verdict
	v.said, v.check = s.elsewhere(t, filepath.Join(dir, "other")).check(t)
	a, err := s.elsewhere(t, state).tryStart(t)
	if err != nil {
		v.start = "refused"
		if a.cmd.ProcessState == nil || !strings.Contains(a.log.String(), "\n") {
			v.silent = "it does not start"
		} else if v.check == 0 {
			v.silent = "a check finds it good, and a daemon does not start: " + a.log.String()
		}
		return v
	}
	defer a.kill()
	s.compare(t, a, &v)
	return v
}

// compare looks at what a daemon that started says that it holds.
func (s sample) compare(t *testing.T, a *appliance, v *verdict) {
	t.Helper()
	a.until(t, regexp.MustCompile(`the audit log (holds|does not hold)`))
	now, err := a.tryContent(within(t))
	told := a.tells()
	if err == nil && !strings.Contains(a.log.String(), "does not hold") {
		now.checkpoints = a.content(t).checkpoints
	}
	switch missing := s.holds.lacks(now); {
	case err != nil && told == "":
		v.silent = err.Error()
	case missing != "" && told == "":
		v.silent = missing
	case missing != "" && v.check == 0:
		v.silent = "a check finds it good: " + missing
	case told != "":
		v.start = "told"
	default:
		v.start = "as it was"
	}
	v.said += told
}

// until waits for something in the daemon's log.
func (a *appliance) until(t testing.TB, what *regexp.Regexp) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !what.MatchString(a.log.String()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", what, &a.log)
		}
	}
}

// tells gives the warnings and errors of a daemon's log.
func (a *appliance) tells() string {
	var told []string
	for line := range strings.Lines(a.log.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			told = append(told, line)
		}
	}
	return strings.Join(told, "")
}
