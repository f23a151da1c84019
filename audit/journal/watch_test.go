package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// refusedWithin waits until the journal is read-only for a cause.
func refusedWithin(j *Journal, limit time.Duration, cause error) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if errors.Is(j.State().ReadOnly, cause) {
			return true
		}
	}
	return false
}

// attack does something to the folder behind the journal's back; undo undoes it.
type attack struct {
	do   func(t *testing.T, dir string)
	undo func(t *testing.T, dir string) // nil where it can't be undone
}

// attacks are those on a journal of which the last segment has that name.
func attacks(lastName string) map[string]attack {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	renamed := func(name string) attack {
		return attack{
			func(t *testing.T, dir string) {
				must(t, os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".away")))
			},
			func(t *testing.T, dir string) {
				must(t, os.Rename(filepath.Join(dir, name+".away"), filepath.Join(dir, name)))
			},
		}
	}
	// Another file with the same bytes is as good once it was read.
	replaced := func(name string) attack {
		return attack{
			func(t *testing.T, dir string) {
				content, err := os.ReadFile(filepath.Join(dir, name))
				must(t, err)
				must(t, os.WriteFile(filepath.Join(dir, "copy"), content, 0o600))
				must(t, os.Rename(filepath.Join(dir, "copy"), filepath.Join(dir, name)))
			},
			func(*testing.T, string) {},
		}
	}
	spoilt := func(name string, at int64) attack {
		a := replaced(name)
		do := a.do
		return attack{func(t *testing.T, dir string) {
			do(t, dir)
			f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
			must(t, err)
			_, err = f.WriteAt([]byte{'#'}, at)
			must(t, errors.Join(err, f.Close()))
		}, nil}
	}
	cut := func(name string, size int64) attack {
		return attack{func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, name), size)) }, nil}
	}
	deleted := func(name string) attack {
		return attack{func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, name))) }, nil}
	}
	old, last := "segments/"+segmentName(0), "segments/"+lastName
	return map[string]attack{
		"old segment deleted": deleted(old), "old segment renamed": renamed(old), "old segment cut": cut(old, 2000),
		"old segment replaced": replaced(old), "old segment replaced by another": spoilt(old, 3000),
		"last segment deleted": deleted(last), "last segment renamed": renamed(last), "last segment cut": cut(last, 600),
		"last segment replaced": replaced(last), "last segment replaced by another": spoilt(last, 600),
		"head deleted": deleted("head"), "head renamed": renamed("head"), "head replaced": replaced("head"), "head cut": cut("head", 4096),
		"old annotations deleted":  deleted("annotations/" + segmentName(0)),
		"old annotations replaced": replaced("annotations/" + segmentName(0)),
		"last annotations cut":     cut("annotations/"+lastName, 10),
		"folder of segments gone":  deleted("segments"), "folder of segments renamed": renamed("segments"),
		"folder of checkpoints renamed": renamed("checkpoints"),
	}
}

// TestMoved: whatever happens to a file's name or length is seen within a second, and no
// record is acknowledged into what is no longer there. Records come again once the file
// is back and reads as it should.
func TestMoved(t *testing.T) {
	for name := range attacks("") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := mustOpen(t, dir, options())
			fill(t, j, 120)
			a := attacks(segmentName(j.point().in))[name]
			a.do(t, dir)
			if !refusedWithin(j, time.Second, ErrMoved) {
				t.Fatalf("not seen: %+v", j.State())
			}
			if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrMoved) {
				t.Fatalf("append: %v", err)
			}
			if err := j.Retry(); a.undo == nil && err == nil {
				t.Fatal("records are taken again")
			}
			if a.undo == nil {
				return
			}
			a.undo(t, dir)
			if err := j.Retry(); err != nil {
				t.Fatalf("the file is back: %v", err)
			}
			if rec := mustAppend(t, j, nil); rec.Seq != 120 {
				t.Errorf("the next record is %d", rec.Seq)
			}
			if _, err := j.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
