package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"stellad/audit"
	"stellad/audit/logtest"
	"stellad/store/blobs"
)

func TestMain(m *testing.M) { logtest.Main(m) }

// An archive is an index with its log and its blobs.
type archive struct {
	*Index
	log  *logtest.Log
	dir  string
	keep *blobs.Dir
}

func open(t testing.TB) *archive {
	t.Helper()
	a := &archive{log: logtest.New(t, "a.example", View), dir: t.TempDir()}
	var err error
	a.keep, err = blobs.Open(a.dir)
	must(t, err)
	t.Cleanup(func() { must(t, a.keep.Close()) })
	a.Index = New(a.log, a.keep)
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func artifact(n int) string { return "sha256:" + sum(fmt.Sprint("artifact ", n)) }

// is finds content to be something, whatever is in it.
func is(f Findings) Examination {
	return func(context.Context, Content) (Findings, error) { return f, nil }
}

func note(subjects ...string) Findings {
	return Findings{Kind: "openvex", Verdict: None, Subjects: subjects}
}

// claims are none where there is no artifact.
func claims(artifact string) []string {
	if artifact == "" {
		return nil
	}
	return []string{artifact}
}

func (a *archive) add(t testing.TB, text, artifact string, f Findings) (Entry, bool) {
	t.Helper()
	e, added, err := a.Add(t.Context(), audit.Record{Actor: &audit.Actor{UID: 7}}, Addition{strings.NewReader(text), 1 << 20, claims(artifact), is(f)})
	must(t, err)
	return e, added
}

// TestAdd: what is added is a blob, a record, and found by each artifact that it is about.
func TestAdd(t *testing.T) {
	a := open(t)
	verified := Findings{Kind: "sigstore-bundle", Predicate: "https://slsa.dev/provenance/v1", Verdict: Verified, Trust: sum("trust"), Subjects: []string{artifact(2), artifact(1), artifact(2)}}
	e, added := a.add(t, "a bundle", artifact(3), verified)
	if !added || e.Blob != sum("a bundle") || e.Size != 8 || e.UID != 7 || e.Seq != 1 || len(e.Subjects) != 2 || !slices.Equal(e.Artifacts, []string{artifact(3)}) || e.Verdict != Verified {
		t.Errorf("%v %+v", added, e)
	}
	for n := 1; n <= 3; n++ {
		if page, _, err := a.List(Filter{Artifact: artifact(n)}, 0, 10); err != nil || len(page) != 1 || page[0].Blob != e.Blob {
			t.Errorf("of artifact %d: %+v, %v", n, page, err)
		}
	}
	if page, _, err := a.List(Filter{Artifact: artifact(4)}, 0, 10); err != nil || len(page) != 0 {
		t.Errorf("of another artifact: %+v, %v", page, err)
	}
	r, err := a.Open(e)
	must(t, err)
	text, err := io.ReadAll(r)
	if err != nil || string(text) != "a bundle" {
		t.Errorf("%s, %v", text, err)
	}
	must(t, r.Close())
}

// TestAddAgain: nothing is written of what is known; what is news is added, and the newer verdict stands.
func TestAddAgain(t *testing.T) {
	a := open(t)
	first, _ := a.add(t, "x", "", note(artifact(1)))
	size := a.log.State().Size
	if e, added := a.add(t, "x", "", note(artifact(1))); added || e.Seq != first.Seq || a.log.State().Size != size {
		t.Errorf("again: %v %+v", added, e)
	}
	if e, added := a.add(t, "x", artifact(2), note(artifact(1))); !added || e.Seq != first.Seq || !slices.Equal(e.Artifacts, []string{artifact(2)}) {
		t.Errorf("of another artifact: %v %+v", added, e)
	}
	if _, added := a.add(t, "x", artifact(2), note(artifact(1))); added {
		t.Error("of that artifact again")
	}
	later := Findings{Kind: "openvex", Verdict: Refused, Trust: sum("trust"), Subjects: []string{artifact(1)}}
	if e, added := a.add(t, "x", "", later); !added || e.Verdict != Refused || len(e.Artifacts) != 1 {
		t.Errorf("another verdict: %v %+v", added, e)
	}
	if page, next, err := a.List(Filter{}, 0, 10); err != nil || len(page) != 1 || next != 0 {
		t.Errorf("%+v %d %v", page, next, err)
	}
}

// TestManySubjects: a document may state more than a record has room for.
func TestManySubjects(t *testing.T) {
	a := open(t)
	var all []string
	for n := range 45 {
		all = append(all, artifact(n))
	}
	e, _ := a.add(t, "many", "", note(all...))
	if len(e.Subjects) != 45 || a.log.State().Size != 1+3 {
		t.Errorf("%d subjects in %d records", len(e.Subjects), a.log.State().Size-1)
	}
	for n := range 45 {
		if page, _, err := a.List(Filter{Artifact: artifact(n)}, 0, 2); err != nil || len(page) != 1 {
			t.Errorf("of artifact %d: %d, %v", n, len(page), err)
		}
	}
}

// TestAddRefuses: what is refused, cut short or too big leaves no record and no blob.
func TestAddRefuses(t *testing.T) {
	a := open(t)
	broken := errors.New("the caller went away")
	for why, c := range map[string]struct {
		Addition
		refuse string
		want   error
	}{
		"not evidence":         {Addition: Addition{Content: strings.NewReader("junk"), Limit: 9, Examine: refuse}, want: ErrRefused},
		"too big":              {Addition: Addition{Content: strings.NewReader("0123456789"), Limit: 9, Examine: is(note())}, want: blobs.ErrTooBig},
		"cut short":            {Addition: Addition{Content: io.MultiReader(strings.NewReader("01"), iotest.ErrReader(broken)), Limit: 9, Examine: is(note())}, want: broken},
		"no artifact":          {Addition: Addition{Content: strings.NewReader("a"), Limit: 9, Artifacts: []string{"sha256:demo123"}, Examine: is(note())}, want: audit.ErrRecord},
		"a subject of no form": {Addition: Addition{Content: strings.NewReader("b"), Limit: 9, Examine: is(note("md5:00"))}, want: audit.ErrRecord},
		"a log that is full":   {Addition: Addition{Content: strings.NewReader("c"), Limit: 9, Examine: is(note())}, refuse: "evidence", want: logtest.ErrRefused},
	} {
		a.log.Refuse = c.refuse
		if _, added, err := a.Add(t.Context(), audit.Record{}, c.Addition); added || !errors.Is(err, c.want) {
			t.Errorf("%s: %v %v, not %v", why, added, err, c.want)
		}
	}
	a.log.Refuse = ""
	if n := a.log.State().Size; n != 1 {
		t.Errorf("%d records", n)
	}
	if left, err := os.ReadDir(filepath.Join(a.dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("tmp has %v, %v", left, err)
	}
	if there, err := a.keep.Has(blobs.Digest(sha256.Sum256([]byte("junk")))); there || err != nil {
		t.Errorf("what was refused is kept: %v", err)
	}
	if page, _, err := a.List(Filter{}, 0, 10); err != nil || len(page) != 0 {
		t.Errorf("%+v %v", page, err)
	}
}

func refuse(_ context.Context, content Content) (Findings, error) {
	f, err := content()
	if err != nil {
		return Findings{}, err
	}
	text, err := io.ReadAll(f)
	return Findings{}, errors.Join(err, f.Close(), fmt.Errorf("%w: %s", ErrRefused, text))
}

// TestList: pages have each entry once, in the log's order, under every filter.
func TestList(t *testing.T) {
	a := open(t)
	kinds := []string{"openvex", "sarif", "grype"}
	for n := range 50 {
		verdict, trust := None, ""
		if n%2 == 0 {
			verdict, trust = Verified, sum("trust")
		}
		a.add(t, fmt.Sprint("document ", n), artifact(n%5), Findings{Kind: kinds[n%3], Verdict: verdict, Trust: trust})
	}
	for f, want := range map[Filter]int{
		{}:                      50,
		{Kind: "grype"}:         16,
		{Verdict: Verified}:     25,
		{Artifact: artifact(3)}: 10,
		{Artifact: artifact(3), Kind: "openvex", Verdict: None}: 2,
		{Kind: "csaf-vex"}:           0,
		{Kind: "gryp"}:               0,
		{Artifact: artifact(3)[:20]}: 0,
	} {
		var all []uint64
		for from, more := uint64(0), true; more; more = from != 0 {
			page, next, err := a.List(f, from, 7)
			must(t, err)
			for _, e := range page {
				all = append(all, e.Seq)
			}
			from = next
		}
		if len(all) != want || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != want {
			t.Errorf("%+v: %d entries %v, want %d", f, len(all), all, want)
		}
	}
	if page, next, err := a.List(Filter{}, 1<<53, 7); err != nil || len(page) != 0 || next != 0 {
		t.Errorf("behind the end: %+v %d %v", page, next, err)
	}
}

// TestFind: a prefix finds one, and says where there are several.
func TestFind(t *testing.T) {
	a := open(t)
	e, _ := a.add(t, "one", artifact(1), note())
	a.add(t, "two", artifact(2), note())
	a.add(t, "three", artifact(1), note())
	for _, prefix := range []string{e.Blob, e.Blob[:6]} {
		if found, err := a.Find(prefix); err != nil || found.Blob != e.Blob {
			t.Errorf("%s: %+v %v", prefix, found, err)
		}
	}
	for prefix, want := range map[string]error{"": ErrAmbiguous, "00000000": ErrUnknown, e.Blob + "0": ErrUnknown, "x": ErrUnknown} {
		if _, err := a.Find(prefix); !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", prefix, err, want)
		}
	}
	if _, err := a.Get(e.Blob[:6]); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	for text, want := range map[string]string{artifact(1): artifact(1), artifact(2)[:13]: artifact(2)} {
		if found, err := a.Artifact(text); err != nil || found != want {
			t.Errorf("%s: %s, %v", text, found, err)
		}
	}
	for text, want := range map[string]error{"sha256:": ErrAmbiguous, artifact(3): ErrUnknown, "sha512:": ErrUnknown} {
		if _, err := a.Artifact(text); !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", text, err, want)
		}
	}
}

// TestDamaged: evidence that is not what its name says is not given out as if it were; given again it is mended.
func TestDamaged(t *testing.T) {
	a := open(t)
	e, _ := a.add(t, "whole", "", note())
	must(t, os.WriteFile(filepath.Join(a.dir, "sha256", e.Blob[:2], e.Blob), []byte("other"), 0o600))
	r, err := a.Open(e)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if !errors.Is(err, blobs.ErrDamaged) {
		t.Errorf("%v", err)
	}
	a.add(t, "whole", "", note())
	r, err = a.Open(e)
	must(t, err)
	if text, err := io.ReadAll(r); err != nil || string(text) != "whole" {
		t.Errorf("given again: %s, %v", text, err)
	}
}
