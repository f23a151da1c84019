package bundle_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/attest/sealed"
	"stellad/attest/sign"
	"stellad/evidence/bundle"
	"stellad/evidence/kind"
)

func TestVerify(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	a := verify(t, s, signed(t, s, input(s, 3)))
	if !a.Verified || len(a.Checks) != 9 || len(a.Files) != 4 {
		t.Errorf("%+v", a)
	}
	for _, c := range a.Checks {
		if c.State != report.Passed {
			t.Errorf("%+v", c)
		}
	}
	for _, f := range a.Files {
		if f.State != report.Passed {
			t.Errorf("%+v", f)
		}
	}
}

// TestSame: the same input gives the same draft, and with the same signature the same bytes.
func TestSame(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	in := input(s, 2)
	first, err := bundle.NewDraft(in)
	must(t, err)
	slices.Reverse(in.Documents)
	second, err := bundle.NewDraft(in)
	must(t, err)
	text := s.Bundle(first.Subjects(), first.Predicate())
	var a, b bytes.Buffer
	must(t, first.Write(&a, text))
	must(t, second.Write(&b, text))
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("they differ")
	}
}

// TestDocuments gives back what was put in.
func TestDocuments(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	in := input(s, 3)
	var found []bundle.Document
	must(t, bundle.Documents(bytes.NewReader(signed(t, s, in)), func(d bundle.Document, r io.Reader) error {
		text, err := io.ReadAll(r)
		if sealed.Sum(text) != d.SHA256 || int64(len(text)) != d.Size {
			t.Errorf("%+v: %d bytes of another", d, len(text))
		}
		found = append(found, d)
		return err
	}))
	if len(found) != len(in.Documents) {
		t.Fatalf("%d documents", len(found))
	}
	for _, d := range found {
		if d.Kind == kind.OpenVEX && (len(d.Artifacts) != 1 || d.Verdict != "none") {
			t.Errorf("%+v", d)
		}
	}
}

// TestRefusedOnes: what did not verify where the bundle was made is told so, and no more; what did and does not here
// refuses the bundle.
func TestRefusedOnes(t *testing.T) {
	s, stranger := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	foreign := endorsed(stranger, 0)
	for verdict, want := range map[string]bool{"refused": true, "verified": false, "none": false} {
		in := input(s, 1)
		in.Documents = append(in.Documents, documentOf(kind.Bundle, verdict, foreign))
		a := verify(t, s, signed(t, s, in))
		name := "evidence/" + sealed.Sum(foreign)
		if a.Verified != want || !want && !strings.Contains(a.Reason, name) {
			t.Errorf("%s: %v, %s", verdict, a.Verified, a.Reason)
		}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, name) && f.State == report.Passed {
				t.Errorf("%s: %+v", verdict, f)
			}
		}
	}
}

// TestAltered: with anything in it changed, left out, added, swapped or moved, a bundle is refused, and the file is named.
func TestAltered(t *testing.T) {
	s, stranger := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	good := files(t, signed(t, s, input(s, 2)))
	refused := func(name string, list []file, names string) {
		t.Helper()
		a := verify(t, s, pack(t, list))
		if a.Verified || names != "" && !strings.Contains(a.Reason, names) {
			t.Errorf("%s: %v, %s", name, a.Verified, a.Reason)
		}
	}
	for i, f := range good {
		with := func(content []byte) []file {
			list := slices.Clone(good)
			list[i].Content = content
			return list
		}
		names := f.Name
		if strings.HasPrefix(names, "manifest.") {
			names = "manifest" // one of them is not what another says
		}
		changed := bytes.Clone(f.Content)
		changed[len(changed)/2] ^= 1
		refused("a bit of "+f.Name, with(changed), names)
		refused("the end of "+f.Name, with(f.Content[:len(f.Content)-1]), names)
		refused("nothing in "+f.Name, with(nil), names)
		refused("without "+f.Name, slices.Delete(slices.Clone(good), i, i+1), f.Name)
		refused("before "+f.Name, slices.Insert(slices.Clone(good), i, file{Name: "extra", Content: nil}), "extra")
		if i > 0 {
			moved := slices.Clone(good)
			moved[i], moved[i-1] = moved[i-1], moved[i]
			refused("moved "+f.Name, moved, "stands where")
			swapped := slices.Clone(good)
			swapped[i].Content, swapped[i-1].Content = swapped[i-1].Content, swapped[i].Content
			refused("swapped "+f.Name, swapped, "")
		}
	}
	refused("an extra at the end", append(slices.Clone(good), file{Name: "zzz", Content: nil}), "zzz")
	a := verify(t, s, signed(t, stranger, input(s, 2)))
	if a.Verified || !strings.HasPrefix(a.Reason, "signature") && !strings.HasPrefix(a.Reason, "log entry") && !strings.HasPrefix(a.Reason, "signer") {
		t.Errorf("signed by another: %s", a.Reason)
	}
	whole := pack(t, good)
	for at := 0; at < len(whole); at += len(whole)/200 + 1 {
		if a := verify(t, s, whole[:at]); a.Verified {
			t.Errorf("cut at %d: verified", at)
		}
	}
}

// TestOtherArtifact: a bundle about something else is not about the artifact at hand.
func TestOtherArtifact(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	text := signed(t, s, input(s, 1))
	a, err := bundle.Verify(bytes.NewReader(text), bundle.Expect{Verifier: s.Verifier(), Artifact: attesttest.ArtifactOf([]byte("another"))})
	if err != nil || a.Verified || !strings.HasPrefix(a.Reason, "subject") {
		t.Errorf("%+v %v", a, err)
	}
	if a, err = bundle.Verify(bytes.NewReader(text), bundle.Expect{Verifier: s.Verifier()}); err != nil || !a.Verified {
		t.Errorf("%+v %v", a, err)
	}
}

func TestDraftRefuses(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		change func(*bundle.Input)
		want   error
	}{
		"a document twice":          {func(in *bundle.Input) { in.Documents = append(in.Documents, in.Documents[1]) }, bundle.ErrDraft},
		"a document of other bytes": {func(in *bundle.Input) { in.Documents[1].SHA256 = strings.Repeat("0", 64) }, bundle.ErrDraft},
		"a document of other size":  {func(in *bundle.Input) { in.Documents[1].Size++ }, bundle.ErrDraft},
		"no policy":                 {func(in *bundle.Input) { in.Policy = nil }, bundle.ErrDraft},
		"an artifact of no digest":  {func(in *bundle.Input) { in.Artifacts[0].Digest = nil }, bundle.ErrDraft},
		"junk that is said to be a bundle": {func(in *bundle.Input) {
			in.Documents[1] = documentOf(kind.Bundle, "verified", []byte("junk"))
		}, attest.ErrNotBundle},
		"a document that can't be read": {func(in *bundle.Input) {
			in.Documents[1].Open = func() (io.ReadCloser, error) { return nil, broken }
		}, broken},
	} {
		in := input(s, 2)
		c.change(&in)
		if d, err := bundle.NewDraft(in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v %v", name, d, err)
		}
	}
}

// TestWriteRefuses: without a signature over the draft there is no bundle, nor where a document changed meanwhile.
func TestWriteRefuses(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	in := input(s, 1)
	was := endorsed(s, 7)
	now := was
	in.Documents = append(in.Documents, documentOf(kind.Bundle, "verified", was))
	last := &in.Documents[len(in.Documents)-1]
	last.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(now)), nil }
	d, err := bundle.NewDraft(in)
	must(t, err)
	good := s.Bundle(d.Subjects(), d.Predicate())
	other, err := bundle.NewDraft(input(s, 1))
	must(t, err)
	for name, text := range map[string][]byte{"nothing": nil, "junk": []byte("{}"), "another draft's": s.Bundle(other.Subjects(), other.Predicate())} {
		if err := d.Write(io.Discard, text); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	for name, change := range map[string]func() []byte{
		"a bit":   func() []byte { b := bytes.Clone(was); b[10] ^= 1; return b },
		"shorter": func() []byte { return was[1:] }, "longer": func() []byte { return append(bytes.Clone(was), 'x') },
	} {
		now = change()
		if err := d.Write(io.Discard, good); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	now = was
	must(t, d.Write(io.Discard, good))
}

// TestScript: the script in it verifies it with stock tools, and refuses what was changed.
func TestScript(t *testing.T) {
	s, other := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	good := files(t, signed(t, s, input(s, 2)))
	path, script := attesttest.StockPath(t), filepath.Join(t.TempDir(), "verify.sh")
	must(t, os.WriteFile(script, bundle.Script(), 0o600))
	keys, others := s.Folder(), other.Folder()
	run := func(list []file, args ...string) (string, int) {
		dir := t.TempDir()
		for _, f := range list {
			must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o755))
			must(t, os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o600))
		}
		return attesttest.RunScript(t, "sh", path, dir, script, args...)
	}
	key, root := filepath.Join(keys, "PUBLIC_KEY.pem"), filepath.Join(keys, "TSA_ROOT.pem")
	out, exit := run(good, key, root)
	if exit != 0 || strings.Count(out, "\nok      evidence/") != 2 || strings.Count(out, ": signed by the key "+key+", no later than Apr  9 10:11:12 2026 GMT") != 2 || !strings.HasSuffix(out, "VERIFIED\n") {
		t.Errorf("exit %d\n%s", exit, out)
	}
	if out, exit := run(good, key); exit != 0 {
		t.Errorf("no root: exit %d\n%s", exit, out)
	}
	if out, exit := run(good, filepath.Join(others, "PUBLIC_KEY.pem"), root); exit != 1 {
		t.Errorf("another key: exit %d\n%s", exit, out)
	}
	if out, exit := run(good, key, filepath.Join(others, "TSA_ROOT.pem")); exit != 1 {
		t.Errorf("another authority: exit %d\n%s", exit, out)
	}
	if out, exit := run(good); exit != 2 {
		t.Errorf("no key: exit %d\n%s", exit, out)
	}
	for i, f := range good {
		changed := slices.Clone(good)
		changed[i].Content = bytes.Clone(f.Content)
		changed[i].Content[len(f.Content)/2] ^= 1
		for name, list := range map[string][]file{
			"a bit of " + f.Name: changed, "without " + f.Name: slices.Delete(slices.Clone(good), i, i+1), "beside " + f.Name: append(slices.Clone(good), file{Name: f.Name + ".more", Content: nil}),
		} {
			if out, exit := run(list, key, root); exit != 1 && (exit != 2 || f.Name != "manifest.json") {
				t.Errorf("%s: exit %d\n%s", name, exit, out)
			}
		}
	}
}

// What the same key signed for something else seals no bundle, whatever stands in it.
func TestSignedForSomethingElse(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	good := files(t, signed(t, s, input(s, 2)))
	sealing := []string{"manifest.statement.json", "manifest.pae", "manifest.sig", "manifest.tsr", "manifest.sigstore.json"}
	statement := good[slices.IndexFunc(good, func(f file) bool { return f.Name == sealing[0] })].Content
	read, err := sign.ReadStatement(statement)
	must(t, err)
	subjects, says := read.Subjects(), read.Predicate().JSON
	named := slices.Clone(subjects)
	named[1].Name = `x"}}],"predicateType":"` + bundle.PredicateType + `","predicate":` + string(says) + `}`
	path, dir := attesttest.StockPath(t), t.TempDir()
	script := filepath.Join(dir, "verify.sh")
	must(t, os.WriteFile(script, bundle.Script(), 0o600))
	keys := s.Folder()
	for name, c := range map[string]struct {
		subjects  []attest.Subject
		predicate sign.Predicate
	}{
		"another type":                 {subjects, sign.Predicate{Type: "https://example.org/x", JSON: says}},
		"the type in a subject's name": {named, sign.Predicate{Type: "https://example.org/x", JSON: says}},
		"a statement in the predicate": {subjects, sign.Predicate{Type: "https://example.org/x", JSON: fmt.Appendf(nil, `{"is":%s}`, statement)}},
		"more in the predicate":        {subjects, sign.Predicate{Type: bundle.PredicateType, JSON: fmt.Appendf(nil, `{"more":1,%s`, says[1:])}},
		"within another":               {subjects, sign.Predicate{Type: bundle.PredicateType, JSON: fmt.Appendf(nil, `{"in":%s}`, says)}},
	} {
		list := slices.Clone(good)
		for i, content := range s.Seal(c.subjects, c.predicate) {
			list[slices.IndexFunc(list, func(f file) bool { return f.Name == sealing[i] })].Content = content
		}
		if a, err := bundle.Verify(bytes.NewReader(pack(t, list)), bundle.Expect{Verifier: s.Verifier()}); err != nil || a.Verified {
			t.Errorf("%s: stella verified it: %v", name, err)
		}
		dir := t.TempDir()
		for _, f := range list {
			must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o755))
			must(t, os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o600))
		}
		if out, exit := attesttest.RunScript(t, "sh", path, dir, script, filepath.Join(keys, "PUBLIC_KEY.pem")); exit != 1 || !strings.Contains(out, "ok      bundle") {
			t.Errorf("%s: exit %d\n%s", name, exit, out)
		}
	}
}

// FuzzVerify: nothing but what was signed is verified, and nothing ends the program.
func FuzzVerify(f *testing.F) {
	s := attesttest.NewSite(f, 1)
	good := signed(f, s, input(s, 1))
	f.Add(good)
	for _, n := range []int{1, 100, len(good) / 2, len(good) - 1} {
		f.Add(good[:n])
	}
	for _, one := range files(f, good) {
		f.Add(pack(f, []file{one}))
	}
	verifier := s.Verifier()
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := bundle.Verify(bytes.NewReader(text), bundle.Expect{Verifier: verifier})
		if err != nil || a.Verified && fmt.Sprint(files(t, text)) != fmt.Sprint(files(t, good)) {
			t.Errorf("%+v %v", a, err)
		}
		_ = bundle.Documents(bytes.NewReader(text), func(bundle.Document, io.Reader) error { return nil })
	})
}
