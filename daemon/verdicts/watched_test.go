package verdicts

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A watched is a Judge whose Watch runs until the test ends, and loads.
type watched struct {
	*Judge
	loads chan struct{} // one for each, after it
	stop  func()
}

func watching(t *testing.T, dir string) *watched {
	t.Helper()
	w := &watched{Judge: newJudge(t, dir), loads: make(chan struct{}, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- w.Watch(ctx, func() {
			_, _ = w.Load(nil)
			w.loads <- struct{}{}
		})
	}()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
	}
	t.Cleanup(w.stop)
	w.loaded(t)
	return w
}

func (w *watched) loaded(t *testing.T) {
	t.Helper()
	select {
	case <-w.loads:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was loaded")
	}
}

// until waits for a load after which the state is as it should be.
func (w *watched) until(t *testing.T, as string, is func(State) bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !is(w.State()) {
		select {
		case <-w.loads:
		case <-late:
			t.Fatalf("not %s: %+v", as, w.State())
		}
	}
}

func (w *watched) anotherThan(t *testing.T, was string) {
	t.Helper()
	w.until(t, "another trust root", func(s State) bool { return s.Trust != was && s.Refused == nil })
}

// settled waits until what was changed is all read: a load that finds nothing new.
func (w *watched) settled(t *testing.T) {
	t.Helper()
	for {
		select {
		case <-w.loads:
		case <-time.After(settle + settle/3):
			return
		}
	}
}

// keys lays a trust root of one key, which is another each time.
func keys(t *testing.T, dir string) string {
	t.Helper()
	addKey(t, dir, "a.pem")
	return dir
}

// link puts a link in place, whatever link was there.
func link(t *testing.T, to, at string) {
	t.Helper()
	must(t, os.Symlink(to, at+".link"))
	must(t, os.Rename(at+".link", at))
}

func copyRoot(t *testing.T, to, end string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(demo, "trust", "trusted_root.json"))
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(t, os.WriteFile(to, append(text, end...), 0o600))
}
