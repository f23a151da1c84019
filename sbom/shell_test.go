package sbom_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stellad/attest"
	"stellad/attest/attesttest"
	"stellad/attest/report"
	"stellad/attest/sign"
	"stellad/sbom"
)

// shell is whoever checks an archive with stock tools: the script and the keys are their own.
type shell struct {
	path, script, key, root string
}

func newShell(t testing.TB, s *attesttest.Site) *shell {
	t.Helper()
	keys := s.Folder()
	script := filepath.Join(t.TempDir(), "verify.sh")
	must(t, os.WriteFile(script, sbom.Script(), 0o600))
	return &shell{attesttest.StockPath(t), script, filepath.Join(keys, "PUBLIC_KEY.pem"), filepath.Join(keys, "TSA_ROOT.pem")}
}

// run writes files as some tar program would and runs the script among them.
func (s *shell) run(t testing.TB, list []file) (out string, exit int) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range list {
		must(t, os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o600))
	}
	return attesttest.RunScript(t, "sh", s.path, dir, s.script, s.key, s.root)
}

func TestScriptVerifies(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	list := files(t, signed(t, s, document))
	sh := newShell(t, s)
	if out, exit := sh.run(t, list); exit != 0 || !strings.HasSuffix(out, "VERIFIED\n") || !strings.Contains(out, "signed no later than Apr  9 10:11:12 2026 GMT") || strings.Contains(out, "not found") {
		t.Errorf("exit %d\n%s", exit, out)
	}
	sh.root = ""
	if out, exit := sh.run(t, list); exit != 2 {
		t.Errorf("an empty name of a root: exit %d\n%s", exit, out)
	}
}

func TestScriptUsage(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	sh := newShell(t, s)
	dir := t.TempDir()
	for name, args := range map[string][]string{"no key": {}, "no such key": {"nowhere.pem"}, "no archive": {sh.key}, "too many": {sh.key, sh.root, "x"}} {
		if out, exit := attesttest.RunScript(t, "sh", sh.path, dir, sh.script, args...); exit != 2 {
			t.Errorf("%s: exit %d\n%s", name, exit, out)
		}
	}
	if out, exit := attesttest.RunScript(t, "/bin/sh", t.TempDir(), dir, sh.script, sh.key); exit != 2 {
		t.Errorf("no tools: exit %d\n%s", exit, out)
	}
}

// Another key, another authority: what lies in the archive does not matter.
func TestScriptTrustsItsArguments(t *testing.T) {
	s, other := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	list := files(t, signed(t, s, document))
	sh, others := newShell(t, s), newShell(t, other)
	if out, exit := (&shell{sh.path, sh.script, others.key, sh.root}).run(t, list); exit != 1 || !strings.Contains(out, "FAILED  statement.sig") {
		t.Errorf("another key: exit %d\n%s", exit, out)
	}
	if out, exit := (&shell{sh.path, sh.script, sh.key, others.root}).run(t, list); exit != 1 || !strings.Contains(out, "FAILED  timestamp.tsr") {
		t.Errorf("another authority: exit %d\n%s", exit, out)
	}
	if a := verify(t, other, signed(t, s, document)); a.Verified {
		t.Error("verified by another's trust")
	}
}

// alteration is one thing wrong, and the file that is to be named for it.
type alteration struct {
	name  string
	list  []file
	names string
	sh    bool // the script sees it too
}

// alterations alters each file in each way.
func alterations(t testing.TB, good, other []file) (all []alteration) {
	t.Helper()
	with := func(i int, content []byte) []file {
		list := append([]file{}, good...)
		list[i] = file{Name: good[i].Name, Content: content}
		return list
	}
	for i, f := range good {
		all = append(all,
			alteration{"a bit of " + f.Name, with(i, flip(f.Content, len(f.Content)/2)), f.Name, f.Name != "statement.sigstore.json"},
			alteration{"the first bit of " + f.Name, with(i, flip(f.Content, 0)), f.Name, f.Name != "statement.sigstore.json"},
			alteration{"the end of " + f.Name, with(i, f.Content[:len(f.Content)-1]), f.Name, f.Name != "statement.sigstore.json"},
			alteration{"a byte after " + f.Name, with(i, append(bytes.Clone(f.Content), '\n')), f.Name, f.Name != "statement.sigstore.json"},
			alteration{"nothing in " + f.Name, with(i, nil), f.Name, true},
			alteration{"without " + f.Name, append(append([]file{}, good[:i]...), good[i+1:]...), f.Name, f.Name != "manifest.json"}, // where none is, the script takes it for another folder
			alteration{"something before " + f.Name, append(append(append([]file{}, good[:i]...), file{Name: "extra", Content: nil}), good[i:]...), "extra", true},
			alteration{"twice " + f.Name, append(append([]file{}, good...), f), f.Name, false},
		)
		if j := (i + 1) % len(good); j > i {
			swapped := with(i, good[j].Content)
			swapped[j].Content = f.Content
			all = append(all, alteration{"swapped contents from " + f.Name, swapped, "", true})
			moved := append([]file{}, good...)
			moved[i], moved[j] = moved[j], moved[i]
			all = append(all, alteration{"reordered at " + f.Name, moved, "", false})
		}
		if !bytes.Equal(f.Content, other[i].Content) {
			all = append(all, alteration{"another archive's " + f.Name, with(i, other[i].Content), "", true})
		}
	}
	return all
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestAlterations(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	sh := newShell(t, s)
	good, other := files(t, signed(t, s, document)), files(t, signed(t, s, document+"\n"))
	for _, c := range alterations(t, good, other) {
		t.Run(c.name, func(t *testing.T) {
			list := c.list
			refusedAsArchive(t, s, list, c)
			if !c.sh {
				return
			}
			if out, exit := sh.run(t, list); exit != 1 || !strings.Contains(out, "FAILED  ") || strings.Contains(out, "\nVERIFIED") || !named(out, c.names) {
				t.Errorf("verify.sh: exit %d, and %q is to be named\n%s", exit, c.names, out)
			}
		})
	}
}

func refusedAsArchive(t *testing.T, s *attesttest.Site, list []file, c alteration) {
	t.Helper()
	text, ok := tryPack(t, list)
	if !ok {
		return // no archive of this form can say it
	}
	a := verify(t, s, text)
	if a.Verified || !strings.Contains(a.Reason, c.names) {
		t.Errorf("%v %q, and %q is to be named", a.Verified, a.Reason, c.names)
	}
	failed := false
	for _, check := range a.Checks {
		if failed && check.Name != "signature" && check.State == report.Passed {
			t.Errorf("%s passes after a failure", check.Name)
		}
		failed = failed || check.State == report.Wrong
	}
}

func tryPack(t *testing.T, list []file) ([]byte, bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range list {
		if seen[f.Name] {
			return nil, false
		}
		seen[f.Name] = true
	}
	return pack(t, list), true
}

// named tells whether a refusal names a file. statement.pae stands for statement.json,
// since the script compares the two and can't tell which is wrong.
func named(out, name string) bool {
	return strings.Contains(out, name) || name == "statement.json" && strings.Contains(out, "FAILED  statement.pae: it is not what is signed of statement.json")
}

// Whoever has a key of their own signs all of it anew: refused, for the signer.
func TestSignedAnewByAnother(t *testing.T) {
	s, other := attesttest.NewSite(t, 1), attesttest.NewSite(t, 9)
	text := signed(t, other, document)
	a := verify(t, s, text)
	if a.Verified || !strings.Contains(fmt.Sprint(a.Checks), "signature") {
		t.Errorf("%+v", a)
	}
	if out, exit := newShell(t, s).run(t, files(t, text)); exit != 1 {
		t.Errorf("exit %d\n%s", exit, out)
	}
}

// Whoever may sign with the key signs something else, in which stands what an archive's statement says.
func TestSignedForSomethingElse(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	sh, good := newShell(t, s), files(t, signed(t, s, document))
	d, err := sbom.NewDraft(input(document))
	must(t, err)
	of, says := d.Subjects()[0], string(d.Predicate().JSON)
	like := `x"}}],"predicateType":"` + sbom.PredicateType + `","predicate":` + says + `}`
	named := of
	named.Name = like
	for name, c := range map[string]struct {
		subjects  []attest.Subject
		predicate sign.Predicate
	}{
		"another type":                 {d.Subjects(), sign.Predicate{Type: "https://example.org/x", JSON: []byte(says)}},
		"another type, a longer one":   {d.Subjects(), sign.Predicate{Type: sbom.PredicateType + "0", JSON: []byte(says)}},
		"the type in a subject's name": {[]attest.Subject{named}, sign.Predicate{Type: "https://example.org/x", JSON: []byte(says)}},
		"the type in the predicate":    {d.Subjects(), sign.Predicate{Type: "https://example.org/x", JSON: []byte(`{"a":[{}],"predicateType":"` + sbom.PredicateType + `","predicate":` + says + `}`)}},
		"a statement in the predicate": {d.Subjects(), sign.Predicate{Type: "https://example.org/x", JSON: []byte(`{"is":` + string(d.Statement().Bytes()) + `}`)}},
		"more in the predicate":        {d.Subjects(), sign.Predicate{Type: sbom.PredicateType, JSON: []byte(`{"more":1,` + says[1:])}},
		"one predicate within another": {d.Subjects(), sign.Predicate{Type: sbom.PredicateType, JSON: []byte(`{"in":` + says + `}`)}},
		"a predicate that is two":      {d.Subjects(), sign.Predicate{Type: sbom.PredicateType, JSON: []byte(strings.Replace(says, `"metadata"`, `"other":{},"metadata"`, 1))}},
		"two subjects":                 {append(d.Subjects(), attesttest.SubjectOf("another", []byte("x"))), d.Predicate()},
		"another manifest":             {d.Subjects(), sign.Predicate{Type: sbom.PredicateType, JSON: []byte(says[:len(says)-67] + strings.Repeat("0", 64) + says[len(says)-3:])}},
	} {
		list := slices.Clone(good)
		for i, content := range s.Seal(c.subjects, c.predicate) {
			at := slices.IndexFunc(list, func(f file) bool { return f.Name == sealing[i] })
			list[at].Content = content
		}
		if a := verify(t, s, pack(t, list)); a.Verified {
			t.Errorf("%s: stella verified it", name)
		}
		if out, exit := sh.run(t, list); exit != 1 || !strings.Contains(out, "ok      bundle") {
			t.Errorf("%s: exit %d\n%s", name, exit, out)
		}
	}
}

// sealing are the files that stand for the signed statement.
var sealing = []string{"statement.json", "statement.pae", "statement.sig", "timestamp.tsr", "statement.sigstore.json"}

// What lies beside the archive's files: a link, a folder, names that mean something to a shell.
func TestScriptSeesWhatLiesThere(t *testing.T) {
	s := attesttest.NewSite(t, 1)
	sh, good := newShell(t, s), files(t, signed(t, s, document))
	for name, add := range map[string]func(dir string) error{
		"a hidden file":    func(d string) error { return os.WriteFile(filepath.Join(d, ".x"), nil, 0o600) },
		"a file of blanks": func(d string) error { return os.WriteFile(filepath.Join(d, "a b"), nil, 0o600) },
		"a line feed":      func(d string) error { return os.WriteFile(filepath.Join(d, "metadata.json\nVERIFY.md"), nil, 0o600) },
		"two odd names": func(d string) error {
			return os.WriteFile(filepath.Join(d, "a\nb"), nil, 0o600)
		},
		"a file in a folder": func(d string) error {
			if err := os.Mkdir(filepath.Join(d, "f"), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(d, "f", "x"), nil, 0o600)
		},
		"a link": func(d string) error { return os.Symlink("metadata.json", filepath.Join(d, "link")) },
		"a link for a file": func(d string) error {
			if err := os.Rename(filepath.Join(d, "metadata.json"), filepath.Join(d, "..", "m")); err != nil {
				return err
			}
			return os.Symlink(filepath.Join(d, "..", "m"), filepath.Join(d, "metadata.json"))
		},
	} {
		dir := filepath.Join(t.TempDir(), "in")
		must(t, os.Mkdir(dir, 0o700))
		for _, f := range good {
			must(t, os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o600))
		}
		must(t, add(dir))
		if out, exit := attesttest.RunScript(t, "sh", sh.path, dir, sh.script, sh.key, sh.root); exit != 1 || !strings.Contains(out, "FAILED") {
			t.Errorf("%s: exit %d\n%s", name, exit, out)
		}
	}
}

// The script's own arithmetic of dates, held to date(1)'s.
func TestScriptDates(t *testing.T) {
	lib := t.TempDir() + "/lib.sh"
	text, _, _ := strings.Cut(string(sbom.Script()), "\n# stamped ")
	for _, day := range []string{"Jan  1 00:00:00 1970", "Feb 29 23:59:59 2024", "Mar  1 08:09:08 2026", "Dec 31 12:00:00 2099", "Oct 10 10:10:10 2000", "Feb 28 00:00:01 2100", "Mar  1 00:00:00 2100"} {
		must(t, os.WriteFile(lib, []byte(text+"\nseconds '"+day+" GMT'\n"), 0o600))
		got, err := exec.Command("sh", lib).CombinedOutput()
		must(t, err)
		want, err := exec.Command("date", "-u", "-d", day+" UTC", "+%s").Output()
		must(t, err)
		if string(got) != strings.TrimSpace(string(want)) {
			t.Errorf("%s: %s, and date says %s", day, got, want)
		}
	}
}
