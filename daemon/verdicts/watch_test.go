package verdicts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// TestWatch: however a trust root is changed, what is there in the end comes into force. The second change shows that
// what was put in place is watched in its turn.
func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		before  func(t *testing.T, dir string) // dir is not there yet
		changes []func(t *testing.T, dir string)
	}{
		"a file changed": {
			func(t *testing.T, dir string) { keys(t, dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { keys(t, dir) },
				func(t *testing.T, dir string) { keys(t, dir) },
			},
		},
		"a file renamed into place, and one removed": {
			func(t *testing.T, dir string) { keys(t, dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) {
					must(t, os.Rename(filepath.Join(keys(t, t.TempDir()), "keys", "a.pem"), filepath.Join(dir, "keys", "b.pem")))
				},
				func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "keys", "b.pem"))) },
			},
		},
		"a file in a new folder, and then another": {
			func(t *testing.T, dir string) { keys(t, dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { keys(t, filepath.Join(dir, "more", "deep")) },
				func(t *testing.T, dir string) { addKey(t, filepath.Join(dir, "more", "deep"), "b.pem") },
				func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "more"))) },
			},
		},
		"a folder renamed into place": {
			func(t *testing.T, dir string) { keys(t, dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) {
					must(t, os.Rename(dir, dir+".old"))
					must(t, os.Rename(keys(t, dir+".new"), dir))
				},
				func(t *testing.T, dir string) { addKey(t, dir, "b.pem") },
			},
		},
		"a folder removed and made again": {
			func(t *testing.T, dir string) { keys(t, dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); keys(t, dir) },
				func(t *testing.T, dir string) { keys(t, dir) },
			},
		},
		"a folder that was not there": {
			func(t *testing.T, dir string) { must(t, os.MkdirAll(filepath.Dir(dir), 0o755)) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { keys(t, dir) },
				func(t *testing.T, dir string) { keys(t, dir) },
			},
		},
		"a link swapped": {
			func(t *testing.T, dir string) { keys(t, dir+"-1"); link(t, dir+"-1", dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { keys(t, dir+"-1") },
				func(t *testing.T, dir string) { link(t, keys(t, dir+"-2"), dir) },
				func(t *testing.T, dir string) { keys(t, dir+"-2") },
			},
		},
		"a link on the way swapped": {
			func(t *testing.T, dir string) {
				keys(t, filepath.Join(dir+"-all", "1"))
				link(t, "1", filepath.Join(dir+"-all", "current"))
				link(t, filepath.Join("trust-all", "current"), dir)
			},
			[]func(*testing.T, string){
				func(t *testing.T, dir string) {
					keys(t, filepath.Join(dir+"-all", "2"))
					link(t, "2", filepath.Join(dir+"-all", "current"))
				},
				func(t *testing.T, dir string) { keys(t, filepath.Join(dir+"-all", "2")) },
			},
		},
		"what a link leads to renamed into place": {
			func(t *testing.T, dir string) { keys(t, dir+"-all/1"); link(t, dir+"-all/1", dir) },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) {
					must(t, os.RemoveAll(dir+"-all/1"))
					must(t, os.Rename(keys(t, dir+"-new"), dir+"-all/1"))
				},
				func(t *testing.T, dir string) { keys(t, dir) },
			},
		},
		"links in a circle, mended": {
			func(t *testing.T, dir string) {
				must(t, os.MkdirAll(filepath.Dir(dir), 0o755))
				link(t, "other", dir)
				link(t, "trust", filepath.Join(filepath.Dir(dir), "other"))
			},
			[]func(*testing.T, string){
				func(t *testing.T, dir string) {
					other := filepath.Join(filepath.Dir(dir), "other")
					must(t, os.Remove(other))
					keys(t, other)
				},
				func(t *testing.T, dir string) { keys(t, dir) },
			},
		},
		"what the appliance publishes": {
			func(t *testing.T, dir string) {
				keys(t, dir)
				link(t, keys(t, dir+"-published/1"), dir+"-published/now")
				link(t, dir+"-published/now", filepath.Join(dir, "appliance"))
			},
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { addKey(t, dir+"-published/1", "b.pem") },
				func(t *testing.T, dir string) { link(t, keys(t, dir+"-published/2"), dir+"-published/now") },
				func(t *testing.T, dir string) { link(t, keys(t, dir+"-published/3"), filepath.Join(dir, "appliance")) },
				func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "appliance"))) },
			},
		},
		"a single file": {
			func(t *testing.T, dir string) { copyRoot(t, dir, "") },
			[]func(*testing.T, string){
				func(t *testing.T, dir string) { copyRoot(t, dir, "\n") },
				func(t *testing.T, dir string) { copyRoot(t, dir+".new", "\n\n"); must(t, os.Rename(dir+".new", dir)) },
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait for quiet, mostly
			dir := filepath.Join(t.TempDir(), "etc", "trust")
			c.before(t, dir)
			w := watching(t, dir)
			for i, change := range c.changes {
				was := w.State().Trust
				change(t, dir)
				t.Log("change", i)
				w.anotherThan(t, was)
				w.settled(t)
			}
		})
	}
}

// TestWatchBroken: a trust root that is spoilt and mended under the watch is refused and comes back.
func TestWatchBroken(t *testing.T) {
	dir := trustRoot(t)
	w := watching(t, dir)
	was := w.State().Trust
	spoil(t, dir)
	w.until(t, "refused", func(s State) bool { return s.Refused != nil && s.Trust == was })
	trustNobody(t, dir)
	w.anotherThan(t, was)
}

// TestWatchBurst: many changes that come together are read once or twice, and the last of them counts.
func TestWatchBurst(t *testing.T) {
	dir := keys(t, filepath.Join(t.TempDir(), "trust"))
	w := watching(t, dir)
	for i := range 300 {
		addKey(t, dir, fmt.Sprintf("%d.pem", i%50))
	}
	end := newJudge(t, dir)
	_, err := end.Load(nil)
	must(t, err)
	loads := 0
	for w.State().Trust != end.State().Trust {
		w.loaded(t)
		loads++
	}
	if loads == 0 || loads > 3 {
		t.Errorf("%d loads", loads)
	}
}

// TestWatchOthers: what goes on beside the trust root is not its business, and can't keep it from being read.
func TestWatchOthers(t *testing.T) {
	parent := t.TempDir()
	dir := keys(t, filepath.Join(parent, "trust"))
	busy := func() { must(t, os.WriteFile(filepath.Join(parent, "access.toml"), nil, 0o600)) }
	w := watching(t, dir)
	busy()
	keys(t, filepath.Join(parent, "trust.new"))
	select {
	case <-w.loads:
		t.Error("another's change was taken for one of the trust root")
	case <-time.After(3 * settle):
	}
	was := w.State().Trust
	addKey(t, dir, "b.pem")
	tick, late := time.NewTicker(settle/10), time.After(20*time.Second)
	defer tick.Stop()
	for w.State().Trust == was {
		select {
		case <-w.loads:
		case <-tick.C:
			busy()
		case <-late:
			t.Fatal("a busy neighbour keeps the trust root from being read")
		}
	}
}

// TestWatchNothing: where nothing could tell of changes, that is said.
func TestWatchNothing(t *testing.T) {
	j := newJudge(t, filepath.Join(t.TempDir(), "no", "trust"))
	ctx, end := context.WithTimeout(t.Context(), 5*time.Second)
	defer end()
	if err := j.Watch(ctx, func() { t.Error("changed") }); err == nil {
		t.Error("it ended without a word")
	}
}

// TestWatchEnds: it ends with its context, and gives back all that it took.
func TestWatchEnds(t *testing.T) {
	dir := keys(t, filepath.Join(t.TempDir(), "trust"))
	held := func() (goroutines, descriptors int) {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return runtime.NumGoroutine(), len(entries)
	}
	watching(t, dir).stop() // the runtime's own poller has its descriptors now
	goroutines, descriptors := held()
	for range 20 {
		watching(t, dir).stop()
	}
	late := time.Now().Add(10 * time.Second) // what has ended may not have been taken off yet
	for {
		g, d := held()
		if g <= goroutines && d <= descriptors {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d goroutines and %d descriptors, before it was %d and %d", g, d, goroutines, descriptors)
		}
		runtime.Gosched()
	}
}
