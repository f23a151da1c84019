package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stellad/audit"
)

// holding gives the files of dir that hold a text.
func holding(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	for name, content := range readAll(t, dir) {
		if bytes.Contains(content, []byte(text)) {
			names = append(names, name)
		}
	}
	return names
}

// TestErase: an erased text is on no byte of the folder, the records before stay as they
// were, and a record says which annotations went, by whom.
func TestErase(t *testing.T) {
	dir, o := t.TempDir(), options()
	j := mustOpen(t, dir, o)
	fill(t, j, 100)
	const secret = "Jane Doe of the third floor"
	seq := mustAppend(t, j, map[string]string{"name": secret}).Seq
	before, root := lines(t, j), j.State().Root
	if len(holding(t, dir, secret)) == 0 {
		t.Fatal("the text is not there before: the test is blind")
	}
	rec, err := j.Erase(t.Context(), audit.Record{Actor: &audit.Actor{UID: 7}}, 4, seq, 4)
	if err != nil || rec.Type != "erase" || rec.Seq != seq+1 || rec.Actor.UID != 7 {
		t.Fatalf("%+v, %v", rec, err)
	}
	if body, err := rec.Decode(); err != nil || len(body.(*audit.Erase).Seqs) != 2 {
		t.Errorf("%+v, %v", body, err)
	}
	if names := holding(t, dir, secret); len(names) > 0 {
		t.Errorf("the text is still in %s", strings.Join(names, ", "))
	}
	if got, err := j.RootAt(seq + 1); err != nil || got != root {
		t.Errorf("the root over the records before is %v, not %v: %v", got, root, err)
	}
	if after := lines(t, j); strings.Join(after[:seq+1], "\n") != strings.Join(before, "\n") {
		t.Error("records changed")
	}
	for range 2 {
		if _, err := j.Annotation(seq); !errors.Is(err, ErrErased) {
			t.Errorf("the annotation: %v", err)
		}
		if c, err := j.Check(t.Context()); err != nil || c.Erased != 2 || c.Annotations != 32 {
			t.Errorf("%+v, %v", c, err)
		}
		mustClose(t, j)
		j = mustOpen(t, dir, o)
	}
}

func TestEraseRefuses(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	fill(t, j, 20)
	if _, err := j.Erase(t.Context(), audit.Record{}, 1); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		seqs []uint64
		want error
	}{
		"nothing":                  {nil, audit.ErrRecord},
		"a record without":         {[]uint64{4, 5}, ErrNoAnnotation},
		"one that was erased":      {[]uint64{1, 4}, ErrErased},
		"a record that is not yet": {[]uint64{4, 1 << 40}, ErrNoRecord},
		"too many for a record":    {manySeqs(), audit.ErrRecord},
	} {
		if name == "too many for a record" {
			fill(t, j, 3000)
		}
		if rec, err := j.Erase(t.Context(), audit.Record{}, c.seqs...); !errors.Is(err, c.want) || rec != nil {
			t.Errorf("%s: %+v, %v", name, rec, err)
		}
	}
	if a, err := j.Annotation(4); err != nil {
		t.Errorf("a refused erasure took %v: %v", a, err)
	}
	if s := j.State(); s.ReadOnly != nil {
		t.Errorf("%+v", s)
	}
	if _, err := j.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// manySeqs are more than a record's 4 KiB name.
func manySeqs() (seqs []uint64) {
	for seq := uint64(4); seq < 3000; seq += 3 {
		seqs = append(seqs, seq)
	}
	return seqs
}

// TestEraseFinishedLater: an erasure that was interrupted takes the texts at the next
// start, and has its record as soon as one can be written.
func TestEraseFinishedLater(t *testing.T) {
	dir, o := t.TempDir(), options()
	clock := &testClock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	o.Clock = clock.time
	j := mustOpen(t, dir, o)
	fill(t, j, 10)
	j.files.sys.sync = func(*os.File) error { // it ends where the first text is overwritten
		if _, err := os.Stat(filepath.Join(dir, "erasing")); err == nil {
			return unix.EIO
		}
		return nil
	}
	if _, err := j.Erase(t.Context(), draft(1), 1, 4); !errors.Is(err, ErrDisk) {
		t.Fatalf("erase: %v", err)
	}
	j.abandon()
	clock.move(-time.Hour)
	j = mustOpen(t, dir, o)
	for _, seq := range []uint64{1, 4} {
		if _, err := j.Annotation(seq); !errors.Is(err, ErrErased) {
			t.Errorf("annotation %d: %v", seq, err)
		}
	}
	if s := j.State(); s.Size != 10 || !errors.Is(s.ReadOnly, ErrClock) {
		t.Fatalf("%+v", s)
	}
	if _, err := j.Check(t.Context()); err != nil {
		t.Errorf("check, with the erasure begun: %v", err)
	}
	if _, err := j.AcceptTime(t.Context(), audit.Record{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Retry(); err != nil {
		t.Fatal(err)
	}
	if rec, err := j.Read(11); err != nil || rec.Type != "erase" || rec.Target != draft(1).Target {
		t.Errorf("%+v, %v", rec, err)
	}
	if err := errors.Join(j.Retry(), j.Close()); err != nil {
		t.Error(err)
	}
	j = mustOpen(t, dir, o)
	if s := j.State(); s.Size != 12 || len(s.Mended) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestErasedTextBack: a text that an erase record names, and that is there, is told.
func TestErasedTextBack(t *testing.T) {
	dir, o := t.TempDir(), options()
	j := mustOpen(t, dir, o)
	fill(t, j, 10)
	was := readAll(t, dir)["annotations/"+segmentName(0)]
	if _, err := j.Erase(t.Context(), audit.Record{}, 1); err != nil {
		t.Fatal(err)
	}
	mustClose(t, j)
	files := readAll(t, dir)
	files["annotations/"+segmentName(0)] = was
	restore(t, dir, files)
	j = mustOpen(t, dir, o)
	if _, err := j.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("check: %v", err)
	}
}

// TestErasedWithoutRecord: a text that vanished though no record says so is told.
func TestErasedWithoutRecord(t *testing.T) {
	dir, o := t.TempDir(), options()
	j := mustOpen(t, dir, o)
	fill(t, j, 10)
	n := j.files.last().notes.Load()
	s, err := n.find(0, 1, j.point().notes)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.files.overwrite(n.f, s); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("check: %v", err)
	}
}
