package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stellad/audit"
)

// copyFolder copies files and folders; holes stay none.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReadBack: what was acknowledged reads back the same, with the root that another
// implementation gives, in this process and after a start.
func TestReadBack(t *testing.T) {
	dir, o := filepath.Join(t.TempDir(), "journal"), options()
	j := mustOpen(t, dir, o)
	signWith(t, j)
	var want []string
	for i := range 300 {
		var text map[string]string
		if i%3 == 1 {
			text = map[string]string{"reason": strings.Repeat("ж", i)}
		}
		rec := mustAppend(t, j, text)
		line, err := rec.Line()
		if err != nil || rec.Seq != uint64(i) || (rec.Note != "") != (text != nil) {
			t.Fatalf("%+v, %v", rec, err)
		}
		want = append(want, string(line))
	}
	for range 2 {
		got := lines(t, j)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%d lines, want %d", len(got), len(want))
		}
		if s := j.State(); s.Root != rootOf(want) || s.Size != uint64(len(want)) || s.ReadOnly != nil {
			t.Fatalf("%+v", s)
		}
		for i := range want {
			rec, err := j.Read(uint64(i))
			if err != nil || rec.Seq != uint64(i) {
				t.Fatalf("%d: %+v, %v", i, rec, err)
			}
			a, err := j.Annotation(uint64(i))
			if i%3 != 1 && !errors.Is(err, ErrNoAnnotation) || i%3 == 1 && (err != nil || a.Text["reason"] != strings.Repeat("ж", i)) {
				t.Fatalf("%d: %+v, %v", i, a, err)
			}
			if root, err := j.RootAt(uint64(i)); err != nil || root != rootOf(want[:i]) {
				t.Fatalf("root at %d: %v, %v", i, root, err)
			}
		}
		if c, err := j.Check(t.Context()); err != nil || c.Annotations != 100 || c.Size != 300 || c.Segments < 4 {
			t.Fatalf("%+v, %v", c, err)
		}
		mustClose(t, j)
		var told recorder
		j = mustOpen(t, dir, logTo(o, &told))
		signWith(t, j)
		if told.String() != "" {
			t.Fatalf("a clean start told %s", told.String())
		}
	}
}

func TestRefusedDrafts(t *testing.T) {
	j := mustOpen(t, t.TempDir(), options())
	first := draft(1)
	if _, err := j.Append(t.Context(), first, nil); !errors.Is(err, audit.ErrRecord) {
		t.Errorf("a first record that is no genesis: %v", err)
	}
	mustAppend(t, j, nil)
	for name, c := range map[string]struct {
		change func(*audit.Record)
		text   map[string]string
		want   error
	}{
		"a second genesis":    {func(r *audit.Record) { r.Type = "genesis" }, nil, audit.ErrRecord},
		"no type":             {func(r *audit.Record) { r.Type = "" }, nil, audit.ErrRecord},
		"free text":           {func(r *audit.Record) { r.Target = "because of\n" }, nil, audit.ErrRecord},
		"over 4 KiB":          {func(r *audit.Record) { r.Body = []byte(`{"a":"` + strings.Repeat("x", 4096) + `"}`) }, nil, audit.ErrRecord},
		"a bare time":         {func(r *audit.Record) { r.Type = "time" }, nil, audit.ErrRecord},
		"a bare erasure":      {func(r *audit.Record) { r.Type = "erase" }, nil, audit.ErrRecord},
		"a note over 4 KiB":   {func(*audit.Record) {}, map[string]string{"reason": strings.Repeat("x", 4096)}, audit.ErrAnnotation},
		"a note not in UTF-8": {func(*audit.Record) {}, map[string]string{"reason": "\xff"}, audit.ErrAnnotation},
	} {
		r := draft(1)
		c.change(&r)
		if rec, err := j.Append(t.Context(), r, c.text); !errors.Is(err, c.want) || rec != nil {
			t.Errorf("%s: %v, %v", name, rec, err)
		}
	}
	if s := j.State(); s.Size != 1 || s.ReadOnly != nil {
		t.Errorf("after refusals: %+v", s)
	}
	if rec := mustAppend(t, j, nil); rec.Seq != 1 {
		t.Errorf("the next record is %d", rec.Seq)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	if _, err := Open(dir, options()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second journal in the folder: %v", err)
	}
	mustAppend(t, j, nil)
	mustClose(t, j)
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed journal: %v", err)
	}
	if err := j.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if s := mustOpen(t, dir, options()).State(); s.Size != 1 {
		t.Errorf("%+v", s)
	}
}
