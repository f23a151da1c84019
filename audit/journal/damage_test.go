package journal

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/audit"
)

// TestSample is the control: what nobody touched is neither refused nor healed.
func TestSample(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	restore(t, dir, s.files)
	if how, why := s.verdict(t, dir); why != "silent" {
		t.Fatalf("%s: %s", how, why)
	}
}

// TestFilesLost: a file that is deleted, cut, replaced or swapped is refused or healed,
// and told either way.
func TestFilesLost(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	try := func(what, name string, change func(path string) error) {
		restore(t, dir, s.files)
		if err := change(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		changed := readAll(t, dir)
		how, why := s.verdict(t, dir)
		if how == "" && (!meaningless(name) || why != "silent") {
			t.Errorf("%s %s: %s", name, what, why)
		}
		untouched(t, dir, name+" "+what, how, changed)
	}
	for name, content := range s.files {
		try("deleted", name, os.Remove)
		try("emptied", name, func(path string) error { return os.Truncate(path, 0) })
		try("cut by half", name, func(path string) error { return os.Truncate(path, int64(len(content)/2)) })
		try("cut by a byte", name, func(path string) error { return os.Truncate(path, int64(len(content)-1)) })
		try("with a byte more", name, func(path string) error { return os.WriteFile(path, append(bytes.Clone(content), 'x'), 0o600) })
		try("with a zero more", name, func(path string) error { return os.WriteFile(path, append(bytes.Clone(content), 0), 0o600) })
		if was, ok := s.yesterday[name]; ok && !bytes.Equal(was, content) {
			try("of yesterday", name, func(path string) error { return os.WriteFile(path, was, 0o600) })
		}
		for other, theirs := range s.files {
			if other < name && filepath.Dir(other) == filepath.Dir(name) && !bytes.Equal(theirs, content) && !meaningless(other) && !meaningless(name) {
				try("swapped with "+other, name, func(path string) error {
					return errors.Join(os.WriteFile(path, theirs, 0o600), os.WriteFile(filepath.Join(dir, other), content, 0o600))
				})
			}
		}
	}
	for _, folder := range folders {
		try("deleted", folder, os.RemoveAll)
	}
	try("and the first segment deleted", "head", func(path string) error {
		return errors.Join(os.Remove(path), os.Remove(filepath.Join(dir, "segments", segmentName(0))))
	})
	try("and all segments deleted", "head", func(path string) error {
		return errors.Join(os.Remove(path), os.RemoveAll(filepath.Join(dir, "segments")))
	})
}

// TestWholeFolderOfYesterday is what the journal can't tell alone: a checkpoint kept
// elsewhere tells it, by its size, or by the root at that size.
func TestWholeFolderOfYesterday(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	restore(t, dir, s.yesterday)
	j := mustOpen(t, dir, options())
	kept := uint64(len(s.lines))
	if _, err := j.RootAt(kept); !errors.Is(err, ErrNoRecord) {
		t.Fatalf("the older log has a root for %d records: %v", kept, err)
	}
	mustClose(t, j)
	// Yesterday's log beside today's checkpoint is told by the journal itself.
	restore(t, dir, s.files)
	j = mustOpen(t, dir, options())
	signWith(t, j)
	mustClose(t, j)
	files := maps.Clone(s.yesterday)
	for name, content := range readAll(t, dir) {
		if strings.HasPrefix(name, "checkpoints/") {
			files[name] = content
		}
	}
	restore(t, dir, files)
	if how, why := s.verdict(t, dir); how != "refused" {
		t.Errorf("a log older than its checkpoint: %q, %s", how, why)
	}
}

// TestForged: a record that was replaced, with a checksum to it, does not give the root.
func TestForged(t *testing.T) {
	s, dir := makeSample(t), t.TempDir()
	for _, seq := range []int{3, len(s.lines) - 3} {
		forged := strings.Replace(s.lines[seq], `"uid":1000`, `"uid":1001`, 1)
		files := map[string][]byte{}
		for name, content := range s.files {
			for _, mark := range []byte{markBatch, markMore} {
				content = bytes.Replace(content, appendFrame(nil, mark, []byte(s.lines[seq])), appendFrame(nil, mark, []byte(forged)), 1)
			}
			files[name] = content
		}
		restore(t, dir, files)
		how, why := s.verdict(t, dir)
		if how != "refused" || !strings.Contains(why, "segments/") {
			t.Errorf("record %d: %q, %s", seq, how, why)
		}
	}
}

// TestForeignAnnotation: a text to a record that names none does not pass.
func TestForeignAnnotation(t *testing.T) {
	j := mustOpen(t, t.TempDir(), options())
	fill(t, j, 5)
	a := audit.Annotation{Seq: 2, Text: map[string]string{"reason": "made up"}}
	line, err := a.Line()
	if err != nil {
		t.Fatal(err)
	}
	p := j.point()
	frames := appendFrame(nil, markMore, line)
	if err := j.files.appendNotes(p.notes, frames); err != nil {
		t.Fatal(err)
	}
	p.notes += int64(len(frames))
	j.publish(p)
	if _, err := j.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("check: %v", err)
	}
}
