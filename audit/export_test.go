package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestPartialExports takes every older checkpoint as the start of an export, and
// mutates what only partial exports have.
func TestPartialExports(t *testing.T) {
	m := newLog(t, 700)
	for i, since := range m.checkpoints {
		dir := exported(t, m, since)
		r, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey, Baseline: since})
		if err != nil {
			t.Errorf("since checkpoint %d: %v", i, err)
			continue
		}
		size := min(uint64(i+1)*100, 700)
		if want := size - size%256; r.First != want || r.Since != size || r.Baseline != size || r.Size != 700 {
			t.Errorf("since %d: %+v", size, r)
		}
		if line := fmt.Sprintf(`"seq":%d,`, r.First); dir[recordsFile(0)] != nil && !bytes.Contains(dir[recordsFile(0)].Data[:100], []byte(line)) {
			t.Errorf("since %d: the records start elsewhere: %.100s", size, dir[recordsFile(0)].Data)
		}
	}
}

// TestSinceTheEnd gives an export of no new records, at a bundle's end and within.
func TestSinceTheEnd(t *testing.T) {
	for _, size := range []int{256, 512, 600} {
		m := newLog(t, size)
		dir := exported(t, m, m.checkpoints[len(m.checkpoints)-1])
		if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); err != nil {
			t.Errorf("%d: %v", size, err)
		}
	}
}

// TestPartialMutations changes what a partial export stands on.
func TestPartialMutations(t *testing.T) {
	m := newLog(t, 900)
	base := exported(t, m, m.checkpoints[5])
	s := newShelf(t)
	refuse := func(name string, change func(dir fstest.MapFS)) {
		t.Helper()
		dir := maps.Clone(base)
		change(dir)
		s.add(t, dir)
		if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range proved(base) {
		refuse(name+" emptied", func(dir fstest.MapFS) { edit(dir, name, nil) })
		refuse(name+" flipped", func(dir fstest.MapFS) {
			b := bytes.Clone(dir[name].Data)
			b[len(b)/3] ^= 4
			edit(dir, name, b)
		})
	}
	refuse("hashes left of the first record", func(dir fstest.MapFS) {
		name := "tile/1/000.p/3"
		b := bytes.Clone(dir[name].Data)
		copy(b, b[32:64])
		edit(dir, name, b)
	})
	refuse("an older since", func(dir fstest.MapFS) { edit(dir, fileSince, m.checkpoints[4]) })
	refuse("a since of another record", func(dir fstest.MapFS) { edit(dir, fileSince, m.checkpoints[1]) })
	refuse("no since", func(dir fstest.MapFS) { delete(dir, fileSince) })
	refuse("no proof", func(dir fstest.MapFS) { delete(dir, fileConsistency) })
	refuse("a longer proof", func(dir fstest.MapFS) {
		edit(dir, fileConsistency, append(bytes.Clone(dir[fileConsistency].Data), dir[fileConsistency].Data...))
	})
	for at, verdict := range first(s.python(t, m.key)) {
		if !strings.HasPrefix(verdict, "DOES NOT HOLD") {
			t.Errorf("the second verifier on %s: %s", at, verdict)
		}
	}
}

func first[T any](v T, _ int) T { return v }

// TestTwoDates holds an export to one of another day, and refuses a fork that the
// audit key signed.
func TestTwoDates(t *testing.T) {
	m := newLog(t, 350)
	early := m.checkpoints[len(m.checkpoints)-1]
	m.grow(t, 600)
	late := exported(t, m, nil)
	if r, err := Verify(late, VerifyOptions{Key: m.key.VerifierKey, Baseline: early}); err != nil || r.Baseline != 350 {
		t.Fatalf("%+v, %v", r, err)
	}

	fork := newLog(t, 350)
	rewrite(200, func(r *Record) { r.Outcome = "failed" })(t, fork)
	forked := lay(t, fork)
	if _, err := Verify(forked, VerifyOptions{Key: m.key.VerifierKey}); err != nil {
		t.Fatalf("by itself the fork holds: %v", err)
	}
	short := exported(t, newLog(t, 200), nil)
	stranger := newSigner(t, origin, 9)
	for name, c := range map[string]struct {
		dir      fstest.MapFS
		baseline []byte
		want     error
		say      string
	}{
		"a fork":            {forked, early, ErrTampered, "baseline: the root of 350 records"},
		"a log cut back":    {short, early, ErrTampered, "baseline: it has 350 records"},
		"another's":         {late, stranger.sign(t, 350, m.root(350)), ErrTampered, "baseline"},
		"an edited one":     {late, bytes.Replace(early, []byte("\n350\n"), []byte("\n351\n"), 1), ErrTampered, "baseline"},
		"no checkpoint":     {late, []byte("hello"), ErrExport, "baseline"},
		"an empty baseline": {late, []byte{}, ErrExport, "baseline"},
		"before the export": {exported(t, m, m.checkpoints[4]), m.checkpoints[0], ErrExport, "older than the first record"},
	} {
		_, err := Verify(c.dir, VerifyOptions{Key: m.key.VerifierKey, Baseline: c.baseline})
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
	pythonOnDates(t, m.key, early, map[string]fstest.MapFS{"holds": late, "DOES NOT HOLD": forked})
}

func pythonOnDates(t *testing.T, key signer, baseline []byte, dirs map[string]fstest.MapFS) {
	t.Helper()
	for want, dir := range dirs {
		s := newShelf(t)
		s.add(t, dir)
		if err := os.WriteFile(s.dir+"/baseline", baseline, 0o666); err != nil {
			t.Fatal(err)
		}
		said, _ := s.python(t, key, "--baseline", "baseline")
		if got := said["00000"]; !strings.HasPrefix(got, want) {
			t.Errorf("the second verifier: %s, not %s", got, want)
		}
	}
}

// TestWhoseKey holds that a log by another key is refused where a key is pinned, and
// named where none is.
func TestWhoseKey(t *testing.T) {
	ours := newLog(t, 20)
	theirs := &memory{key: newSigner(t, origin, 77), every: 100}
	theirs.grow(t, 20)
	dir := exported(t, theirs, nil)
	if _, err := Verify(dir, VerifyOptions{Key: ours.key.VerifierKey}); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "log.vkey: it is not the pinned key") {
		t.Errorf("pinned: %v", err)
	}
	r, err := Verify(dir, VerifyOptions{})
	if err != nil || !r.KeyFromExport || !strings.Contains(r.KeyNotice(), "key taken from the export: compare its fingerprint "+Fingerprint(theirs.key.VerifierKey)) {
		t.Errorf("not pinned: %+v, %v", r, err)
	}
	if r, err := Verify(dir, VerifyOptions{Key: theirs.key.VerifierKey}); err != nil || r.KeyNotice() != "" {
		t.Errorf("%+v, %v", r, err)
	}
	// Their checkpoint under our key's name in the export does not help either.
	mixed := maps.Clone(dir)
	edit(mixed, fileKey, []byte(ours.key.VerifierKey.String()+"\n"))
	if _, err := Verify(mixed, VerifyOptions{}); !errors.Is(err, ErrTampered) {
		t.Errorf("mixed: %v", err)
	}
}

// TestForeignTexts names texts that are not this release's.
func TestForeignTexts(t *testing.T) {
	m := newLog(t, 20)
	dir := exported(t, m, nil)
	edit(dir, fileVerifier, []byte("import os; os.system('true')\n"))
	r, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey})
	if err != nil || !slices.Equal(r.Foreign, []string{fileVerifier}) {
		t.Errorf("%+v, %v", r, err)
	}
	delete(dir, fileVerifier)
	if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); !errors.Is(err, ErrTampered) {
		t.Errorf("without: %v", err)
	}
}

// TestDroppedCheckpoint shows the one thing that no export can show: an older
// checkpoint that was left out.
func TestDroppedCheckpoint(t *testing.T) {
	m := newLog(t, 300)
	dir := exported(t, m, nil)
	delete(dir, checkpointFile(100))
	if r, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); err != nil || r.Checkpoints != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestNoExport tells what is no export from what does not hold.
func TestNoExport(t *testing.T) {
	m := newLog(t, 20)
	for name, dir := range map[string]fs.FS{
		"an empty folder": fstest.MapFS{}, "no folder": os.DirFS(t.TempDir() + "/none"), "a file": os.DirFS("doc.go"),
		"another folder": os.DirFS("."),
	} {
		if _, err := Verify(dir, VerifyOptions{Key: m.key.VerifierKey}); !errors.Is(err, ErrExport) || errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := exported(t, m, nil)
	dir["records/000000.jsonl"].Mode |= fs.ModeSymlink
	if _, err := Verify(dir, VerifyOptions{}); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a link: %v", err)
	}
}

// broken is a source of which one part fails.
type broken struct {
	*memory
	lines, annotations, checkpoints bool
}

var errBroken = errors.New("the disk is gone")

func (b broken) Lines(first, end uint64) iter.Seq2[[]byte, error] {
	return failing(b.memory.Lines(first, end), b.lines)
}

func (b broken) Annotations(first, end uint64) iter.Seq2[Annotation, error] {
	return failing(b.memory.Annotations(first, end), b.annotations)
}

func (b broken) Checkpoints() iter.Seq2[[]byte, error] {
	return failing(b.memory.Checkpoints(), b.checkpoints)
}

// failing fails after the first two.
func failing[T any](all iter.Seq2[T, error], fails bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for v, err := range all {
			if n++; fails && n > 2 {
				err = errBroken
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// TestBrokenSource holds that an export that was cut short is no export.
func TestBrokenSource(t *testing.T) {
	m := newLog(t, 700)
	for name, src := range map[string]Source{
		"lines": broken{m, true, false, false}, "annotations": broken{m, false, true, false}, "checkpoints": broken{m, false, false, true},
	} {
		for _, since := range [][]byte{nil, m.checkpoints[3]} {
			dir := fstest.MapFS{}
			_, err := Export(into(dir), src, ExportOptions{Key: m.key.VerifierKey, Checkpoint: m.checkpoints[6], Since: since})
			if !errors.Is(err, errBroken) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := Verify(dir, VerifyOptions{}); !errors.Is(err, ErrExport) {
				t.Errorf("%s: what was written: %v", name, err)
			}
		}
	}
}

// TestFullSink fails each file in turn.
func TestFullSink(t *testing.T) {
	m := newLog(t, 300)
	errFull := errors.New("no space left")
	for bad := range exported(t, m, m.checkpoints[0]) {
		put := func(name string, size int64, content io.Reader) error {
			if name == bad {
				return errFull
			}
			_, err := io.Copy(io.Discard, content)
			return err
		}
		_, err := Export(put, m, ExportOptions{Key: m.key.VerifierKey, Checkpoint: m.checkpoints[2], Since: m.checkpoints[0]})
		if !errors.Is(err, errFull) || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestExportRefuses holds that what Verify would refuse is not exported.
func TestExportRefuses(t *testing.T) {
	for _, f := range forgeries {
		m := newLog(t, 300)
		if f.do(t, m); f.name == "an annotation of no record" {
			continue // a source is not asked for it
		}
		m.checkpoints = nil
		latest := m.checkpoint(t)
		if _, err := Export(into(fstest.MapFS{}), m, ExportOptions{Key: m.key.VerifierKey, Checkpoint: latest}); err == nil {
			t.Errorf("%s: exported", f.name)
		}
	}
	m := newLog(t, 300)
	other := newSigner(t, origin, 5)
	key := m.key.VerifierKey
	for name, opts := range map[string]ExportOptions{
		"another's key":          {Key: other.VerifierKey, Checkpoint: m.checkpoints[2]},
		"another's checkpoint":   {Key: key, Checkpoint: other.sign(t, 300, m.root(300))},
		"another root":           {Key: key, Checkpoint: m.key.sign(t, 300, m.root(299))},
		"more than there is":     {Key: key, Checkpoint: m.key.sign(t, 301, m.root(300))},
		"nothing":                {Key: key, Checkpoint: m.key.sign(t, 0, m.root(0))},
		"since another's":        {Key: key, Checkpoint: m.checkpoints[2], Since: other.sign(t, 100, m.root(100))},
		"since another root":     {Key: key, Checkpoint: m.checkpoints[2], Since: m.key.sign(t, 100, m.root(99))},
		"since what is to come":  {Key: key, Checkpoint: m.checkpoints[1], Since: m.checkpoints[2]},
		"two signatures":         {Key: key, Checkpoint: append(bytes.Clone(m.checkpoints[2]), bytes.Split(m.checkpoints[2], []byte("\n\n"))[1]...)},
		"since, with a bad root": {Key: key, Checkpoint: m.key.sign(t, 300, m.root(299)), Since: m.checkpoints[1]},
	} {
		if _, err := Export(into(fstest.MapFS{}), m, opts); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.checkpoints[0], m.checkpoints[1] = m.checkpoints[1], m.checkpoints[0]
	if _, err := Export(into(fstest.MapFS{}), m, ExportOptions{Key: key, Checkpoint: m.checkpoints[2]}); !errors.Is(err, ErrTampered) {
		t.Errorf("checkpoints out of order: %v", err)
	}
}

// TestGuide runs the guide's commands on an export, and on one that does not hold.
func TestGuide(t *testing.T) {
	var commands strings.Builder
	commands.WriteString("set -e\nset -o pipefail\n")
	for i, part := range strings.Split(string(guide), "```") {
		if block, ok := strings.CutPrefix(part, "sh\n"); ok && i%2 == 1 {
			commands.WriteString(block)
		}
	}
	m := newLog(t, 300)
	good := exported(t, m, nil)
	run := func(dir fstest.MapFS) (string, error) {
		s := newShelf(t)
		cmd := exec.Command("bash", "-c", commands.String())
		cmd.Dir = s.dir + "/" + s.add(t, dir)
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run(good)
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, want := range []string{Fingerprint(m.key.VerifierKey) + "  log.vkey", "Signature Verified Successfully", "The root holds.", "The annotations hold."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	for _, name := range []string{fileCheckpoint, fileKey, recordsFile(0), fileAnnotations} {
		bad := maps.Clone(good)
		b := bytes.Clone(bad[name].Data)
		b[len(b)-20] ^= 2
		edit(bad, name, b)
		if out, err := run(bad); err == nil {
			t.Errorf("%s is changed and the guide's commands pass:\n%s", name, out)
		}
	}
}
