package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"stellad/attest/report"
	"stellad/internal/cli"
)

// bundleSuffixes are the names that bundles have; in a folder, other files are
// passed over.
var bundleSuffixes = []string{".json", ".jsonl", ".sigstore", ".bundle", ".dsse"}

// findBundles gives the files that the user meant: those named, and those in
// the folders named.
func findBundles(stderr io.Writer, names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		if !isFolder(name) {
			files = append(files, name) // what is wrong with it is told in its turn
			continue
		}
		inside, passed, err := bundlesBelow(name)
		if err != nil {
			return nil, cli.BadInput(fmt.Errorf("%s: %w", name, plainly(err)))
		}
		if len(inside) == 0 {
			return nil, cli.BadInput(fmt.Errorf("%s: no bundle in this folder; their names end in %s", name, strings.Join(bundleSuffixes, ", ")))
		}
		if passed > 0 {
			fmt.Fprintf(stderr, "%s: files of other names and links passed over: %d\n", name, passed)
		}
		files = append(files, inside...)
	}
	return files, nil
}

// bundlesBelow walks the folder, or the one that a link of its name leads to.
// Links inside it are passed over, and so is what is no regular file.
func bundlesBelow(dir string) (files []string, passed int, err error) {
	walked := strings.TrimRight(dir, string(filepath.Separator)) + string(filepath.Separator)
	err = filepath.WalkDir(walked, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
		case e.Type().IsRegular() && slices.Contains(bundleSuffixes, filepath.Ext(name)):
			files = append(files, filepath.Clean(name))
		default:
			passed++
		}
		return nil
	})
	return files, passed, err
}

// all verifies files on all cores, and gives their entries in the files' order.
func (v verification) all(ctx context.Context, files []string, progress progress) ([]report.Entry, error) {
	defer progress.done()
	found := make([][]report.Entry, len(files))
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var bug atomic.Pointer[cli.Fault]
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			defer func() {
				if value := recover(); value != nil {
					bug.Store(cli.FaultOf(value))
				}
			}()
			for ctx.Err() == nil && failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				entries, err := v.one(ctx, files[i])
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				found[i] = entries
				progress.step()
			}
		})
	}
	workers.Wait()
	if bug := bug.Load(); bug != nil {
		panic(bug) // a worker's panic would end the program with Go's own status
	}
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return slices.Concat(found...), ctx.Err()
}
