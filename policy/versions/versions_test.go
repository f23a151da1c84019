package versions

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"stellad/audit"
	"stellad/audit/logtest"
	"stellad/store/blobs"
)

func TestMain(m *testing.M) { logtest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB) *Shelf {
	t.Helper()
	content, err := blobs.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, content.Close()) })
	return New(logtest.New(t, "a.example", View), content)
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// take takes a bundle in.
func (s *Shelf) take(t testing.TB, text string) string {
	t.Helper()
	name, err := s.Put([]byte(text))
	must(t, err)
	if name != sum(text) {
		t.Fatalf("put as %s", name)
	}
	must(t, s.Take(t.Context(), audit.Record{}, audit.Bundle{Blob: name, Key: sum("key"), Size: uint64(len(text))}))
	return name
}

func TestVersions(t *testing.T) {
	s := open(t)
	if v, err := s.InForce(); err != nil || v.Number != 0 {
		t.Errorf("at first %v, %v", v, err)
	}
	one, two := s.take(t, "one"), s.take(t, "two")
	for i, name := range []string{one, two, one} {
		v, err := s.Activate(t.Context(), audit.Record{}, name)
		if err != nil || v.Number != uint64(i)+1 || v.SHA256 != name || v.To != 0 {
			t.Errorf("%v, %v", v, err)
		}
	}
	for _, c := range []struct {
		to, number, back uint64
		sha256           string
	}{{0, 4, 2, two}, {0, 5, 3, one}, {2, 6, 2, two}, {1, 7, 1, one}} {
		v, err := s.Rollback(t.Context(), audit.Record{}, c.to)
		if err != nil || v.Number != c.number || v.To != c.back || v.SHA256 != c.sha256 {
			t.Errorf("back to %d: %v, %v", c.to, v, err)
		}
	}
	if text, err := s.Open(two); err != nil || string(text) != "two" {
		t.Errorf("%q %v", text, err)
	}
	if v, err := s.Version(2); err != nil || v.SHA256 != two {
		t.Errorf("%v %v", v, err)
	}
}

func TestRefused(t *testing.T) {
	s := open(t)
	if _, err := s.Rollback(t.Context(), audit.Record{}, 0); !errors.Is(err, ErrUnknown) {
		t.Errorf("back from nothing: %v", err)
	}
	if _, err := s.Activate(t.Context(), audit.Record{}, sum("absent")); !errors.Is(err, ErrUnknown) {
		t.Errorf("a bundle that nobody took in: %v", err)
	}
	one := s.take(t, "one")
	_, err := s.Activate(t.Context(), audit.Record{}, one)
	must(t, err)
	if _, err := s.Activate(t.Context(), audit.Record{}, one); !errors.Is(err, ErrInForce) {
		t.Errorf("twice: %v", err)
	}
	for _, to := range []uint64{0, 1, 2, 99} {
		if v, err := s.Rollback(t.Context(), audit.Record{}, to); err == nil {
			t.Errorf("back to %d: %v", to, v)
		}
	}
	if _, err := s.Version(9); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{sum("absent"), "", "../../etc/passwd"} {
		if _, err := s.Open(name); err == nil {
			t.Errorf("%q was opened", name)
		}
	}
	if _, err := s.Find(sum("absent")[:12]); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if v, err := s.InForce(); err != nil || v.Number != 1 {
		t.Errorf("after all that was refused: %v, %v", v, err)
	}
}

// TestPrefixes: one that several bundles have names none of them.
func TestPrefixes(t *testing.T) {
	s := open(t)
	byFirst := map[byte]int{}
	for i := range 40 {
		byFirst[s.take(t, fmt.Sprint("bundle ", i))[0]]++
	}
	for first, n := range byFirst {
		_, err := s.Find(string(first))
		if n == 1 != (err == nil) || n > 1 && !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%c, which %d have: %v", first, n, err)
		}
	}
}

// TestAtATime: two activations at a time have two numbers.
func TestAtATime(t *testing.T) {
	s := open(t)
	var names []string
	for i := range 8 {
		names = append(names, s.take(t, fmt.Sprint(i)))
	}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			if _, err := s.Activate(t.Context(), audit.Record{}, name); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	versions, err := s.Versions()
	must(t, err)
	var numbers []uint64
	for _, v := range versions {
		numbers = append(numbers, v.Number)
	}
	if !slices.Equal(numbers, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("%v", numbers)
	}
}

func TestDecisions(t *testing.T) {
	s := open(t)
	d := audit.Decision{Artifact: "sha256:" + sum("a"), Blob: sum("decision"), Environment: "production", Input: sum("input"), Policy: sum("policy"), Verdict: "blocked"}
	must(t, s.Decided(t.Context(), audit.Record{}, d))
	got, err := s.Decision(d.Blob[:6])
	if err != nil || got.Decision != d {
		t.Errorf("%v %v", got, err)
	}
	if _, err := s.Decision(sum("another")); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}
