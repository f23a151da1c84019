package verdicts

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a folder must be quiet before it is read: files that are laid there together are read together.
const settle = 300 * time.Millisecond

// Watch calls changed whenever something in the trust root's folder, or the folder itself, has changed and has been
// quiet since, until ctx ends. It returns an error where the kernel can't tell; a reload still can.
func (j *Judge) Watch(ctx context.Context, changed func()) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	w := &watch{Watcher: watcher}
	if err := w.all(j.dir); err != nil {
		return err
	}
	quiet := time.NewTimer(0) // what changed between the first Load and now
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			quiet.Reset(settle) // events were lost: as if there had been one
		case e := <-w.Events:
			if w.concerns(e.Name) {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			if err := w.all(j.dir); err != nil { // folders may be new
				return err
			}
			changed()
		}
	}
}

// watch is what of a trust root is watched.
type watch struct {
	*fsnotify.Watcher
	folders map[string]bool // that are read
	steps   map[string]bool // names that lead to them, whose folders are watched too: what is there may be swapped
}

// concerns tells whether an event is about the trust root. Beside a step others may be busy.
func (w *watch) concerns(name string) bool {
	return w.steps[name] || w.folders[name] || w.folders[filepath.Dir(name)]
}

// all watches every folder below the trust root, and each step that leads there. What is watched already stays so; what
// went away while it looks will be told by an event of its parent.
func (w *watch) all(dir string) error {
	if _, err := os.Stat(filepath.Dir(dir)); err != nil {
		return err // nothing would tell when dir comes to be
	}
	w.folders, w.steps = map[string]bool{}, map[string]bool{}
	for _, top := range []string{dir, filepath.Join(dir, "appliance")} {
		if err := w.stepsTo(top); err != nil {
			return err
		}
		target, err := filepath.EvalSymlinks(top)
		if err != nil {
			continue // what leads nowhere is seen when one of its steps is mended
		}
		if err := w.below(target); err != nil {
			return err
		}
	}
	return nil
}

// stepsTo watches the folder that name stands in and, where name is a link, the one that its target stands in, and so
// on.
func (w *watch) stepsTo(name string) error {
	for {
		parent, err := filepath.EvalSymlinks(filepath.Dir(name))
		if err != nil {
			return nil
		}
		name = filepath.Join(parent, filepath.Base(name))
		if w.steps[name] { // links may lead in a circle
			return nil
		}
		w.steps[name] = true
		if err := w.add(parent); err != nil {
			return err
		}
		target, err := os.Readlink(name)
		if err != nil {
			return nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(parent, target)
		}
		name = target
	}
}

func (w *watch) below(top string) error {
	return filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil // of what can't be read, Load tells
		}
		w.folders[name] = true
		return w.add(name)
	})
}

// add returns an error where the kernel's means are at their end. A folder that is gone or closed is seen again from
// its parent.
func (w *watch) add(folder string) error {
	err := w.Add(folder)
	for _, passing := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.ELOOP} {
		if errors.Is(err, passing) {
			return nil
		}
	}
	return err
}
