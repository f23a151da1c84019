package journal

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// powerCut is a disk of which the power can be cut: what was written since a file's last
// sync is then there or not, sector by sector, and so is a name since its folder's.
type powerCut struct {
	t    testing.TB
	dir  string
	luck *rand.Rand // whether what was not synced is there

	mu      sync.Mutex
	calls   int
	cutAt   int // the number of the call before which the power is cut; 0 is never
	image   string
	writes  map[string][]undo
	failing string            // the name of the file of which the next sync fails
	lost    map[string][]undo // pages of which the sync failed: shown, not on the disk, and not synced again
	renames []rename
}

// undo is what a sector held before.
type undo struct {
	at  int64
	old []byte
}

type rename struct {
	from, to string
	old      []byte // under the name to; nil where there was none
}

func newPowerCut(t testing.TB, dir string, seed uint64) *powerCut {
	return &powerCut{t: t, dir: dir, luck: rand.New(rand.NewPCG(seed, 0)), writes: map[string][]undo{}, lost: map[string][]undo{}}
}

func (p *powerCut) system() *system {
	sys := kernel()
	sys.write = func(f *os.File, b []byte, at int64) error {
		defer p.call()()
		p.remember(f, at, int64(len(b)))
		return write(f, b, at)
	}
	sys.sync = func(f *os.File) error {
		defer p.call()()
		if p.failing != "" && filepath.Base(f.Name()) == p.failing {
			p.failing = ""
			p.lost[f.Name()] = p.writes[f.Name()]
			delete(p.writes, f.Name())
			return unix.EIO
		}
		if err := datasync(f); err != nil {
			return err
		}
		p.found(f.Name())
		delete(p.writes, f.Name())
		p.renames = slices.DeleteFunc(p.renames, func(r rename) bool { return filepath.Dir(r.to) == filepath.Clean(f.Name()) })
		return nil
	}
	sys.rename = func(from, to string) error {
		defer p.call()()
		old, err := os.ReadFile(to)
		if err != nil {
			old = nil
		}
		p.renames = append(p.renames, rename{from, to, old})
		p.writes[to] = p.writes[from]
		delete(p.writes, from)
		return os.Rename(from, to)
	}
	return sys
}

func (p *powerCut) failSync(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failing = name
}

// found takes what was written again, and is now synced, off the lost pages.
func (p *powerCut) found(path string) {
	p.lost[path] = slices.DeleteFunc(p.lost[path], func(l undo) bool {
		return slices.ContainsFunc(p.writes[path], func(w undo) bool { return w.at == l.at })
	})
}

// call counts a call, and cuts the power before it where that was asked for.
func (p *powerCut) call() func() {
	p.mu.Lock()
	if p.calls++; p.calls == p.cutAt {
		p.cut()
	}
	return p.mu.Unlock
}

// remember keeps what the sectors of a write hold before it.
func (p *powerCut) remember(f *os.File, at, n int64) {
	end := at + n
	for at &^= sector - 1; at < end; at += sector {
		old := make([]byte, sector)
		got, _ := f.ReadAt(old, at) // beyond the end there is nothing
		p.writes[f.Name()] = append(p.writes[f.Name()], undo{at, old[:got]})
	}
}

// cut makes an image of the folder as the power cut leaves it.
func (p *powerCut) cut() {
	p.image = copyOf(p.t, p.dir)
	in := func(path string) string { return filepath.Join(p.image, strings.TrimPrefix(path, p.dir)) }
	must := func(err error) {
		if err != nil {
			p.t.Error(err)
		}
	}
	all := maps.Clone(p.writes)
	for path, pages := range p.lost {
		all[path] = append(slices.Clone(pages), all[path]...)
	}
	for path, undone := range all {
		f, err := os.OpenFile(in(path), os.O_RDWR, 0)
		if err != nil {
			continue // renamed or removed since
		}
		for _, u := range slices.Backward(undone) {
			if lost := slices.ContainsFunc(p.lost[path], func(l undo) bool { return l.at == u.at }); lost || p.luck.IntN(2) == 0 {
				_, err := f.WriteAt(u.old, u.at)
				must(err)
			}
		}
		must(f.Close())
	}
	for _, r := range slices.Backward(p.renames) {
		if p.luck.IntN(2) == 1 {
			continue
		}
		must(os.Rename(in(r.to), in(r.from)))
		if r.old != nil {
			must(os.WriteFile(in(r.to), r.old, 0o600))
		}
	}
}
