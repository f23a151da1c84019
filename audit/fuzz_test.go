package audit

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzParseLine holds that a line has one form, and that an error says which kind.
func FuzzParseLine(f *testing.F) {
	golden, err := filepath.Glob("testdata/golden/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range golden {
		line, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseLine(line)
		if err != nil {
			if !errors.Is(err, ErrRecord) || r != nil {
				t.Fatalf("%v, %v", r, err)
			}
			return
		}
		if again, err := r.Line(); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%q becomes %q, %v", line, again, err)
		}
		if _, err := r.Decode(); err != nil && !errors.Is(err, ErrUnknownType) {
			t.Fatal(err)
		}
		if row := appendRow(nil, r, nil); bytes.Count(row, []byte("\n")) != 1 {
			t.Fatalf("row %q", row)
		}
	})
}

func FuzzParseAnnotation(f *testing.F) {
	for _, a := range newLog(f, 40).annotations {
		line, err := a.Line()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := ParseAnnotation(line)
		if err != nil {
			if !errors.Is(err, ErrAnnotation) || a != nil {
				t.Fatalf("%v, %v", a, err)
			}
			return
		}
		if again, err := a.Line(); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%q becomes %q, %v", line, again, err)
		}
		if seq, ok := seqOf(line); !ok || seq != a.Seq || a.Hash() == "" {
			t.Fatalf("%q: seq %d, hash %q", line, seq, a.Hash())
		}
	})
}

// FuzzVerify puts bytes in the place of one file of a small export: only its own are
// accepted, but for the two texts.
func FuzzVerify(f *testing.F) {
	m := newLog(f, 12)
	base := exported(f, m, nil)
	names := slices.Sorted(maps.Keys(base))
	for i, name := range names {
		f.Add(i, base[name].Data)
	}
	f.Fuzz(func(t *testing.T, which int, content []byte) {
		name := names[uint(which)%uint(len(names))]
		dir := maps.Clone(base)
		changed := edit(dir, name, content)
		_, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey})
		if err != nil && !errors.Is(err, ErrTampered) && !errors.Is(err, ErrExport) {
			t.Fatalf("%s: %v", name, err)
		}
		if held := err == nil; held == (changed && !slices.Contains(texts, name)) && (held || !slices.Contains(texts, name)) {
			t.Fatalf("%s, changed %v: %v", name, changed, err)
		}
	})
}
