package verdicts

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stellad/attest/trust"
)

// TestNewTrust: verdicts go with the trust that they stand on.
func TestNewTrust(t *testing.T) {
	dir := trustRoot(t)
	j := loaded(t, dir)
	first := ask(t, j, about(document(t)))
	trustNobody(t, dir)
	if a := ask(t, j, about(document(t))); !a.Cached || !a.Verified {
		t.Errorf("before it was read: %+v", a)
	}
	if changed, err := j.Load(nil); err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	if s := j.State(); s.Entries != 0 || s.Bytes != 0 || s.Trust == first.Trust || s.Refused != nil {
		t.Errorf("%+v", s)
	}
	second := ask(t, j, about(document(t)))
	if second.Verified || second.Cached || second.Trust == first.Trust || second.Trust != j.State().Trust {
		t.Errorf("%+v of %+v", second.Ruling, second)
	}
	if changed, err := j.Load(nil); err != nil || changed {
		t.Errorf("the same once more: %v %v", changed, err)
	}
	if a := ask(t, j, about(document(t))); !a.Cached {
		t.Error("the same trust, and its verdicts are gone")
	}
}

// TestBrokenTrust: what does not load leaves what is in force, and its verdicts, and is told.
func TestBrokenTrust(t *testing.T) {
	dir := trustRoot(t)
	signers, err := os.ReadFile(filepath.Join(dir, "signers.toml"))
	must(t, err)
	j := loaded(t, dir)
	first := ask(t, j, about(document(t)))
	was := j.State()
	spoil(t, dir)
	if changed, err := j.Load(nil); changed || !errors.Is(err, trust.ErrTrust) {
		t.Errorf("%v %v", changed, err)
	}
	s := j.State()
	if s.Trust != was.Trust || s.Since != was.Since || s.Entries != 1 || !errors.Is(s.Refused, trust.ErrTrust) {
		t.Errorf("%+v", s)
	}
	if line := s.TrustLine(); !strings.HasPrefix(line, was.Trust+" stays in force: ") || strings.Contains(line, "\n") {
		t.Error(line)
	}
	if a := ask(t, j, about(document(t))); !a.Cached || a.Ruling != first.Ruling {
		t.Errorf("%+v", a)
	}
	must(t, os.RemoveAll(dir))
	if changed, err := j.Load(nil); changed || err == nil || j.State().Trust != was.Trust {
		t.Errorf("a folder that is gone: %v %v", changed, err)
	}
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(demo, "trust"))))
	must(t, os.WriteFile(filepath.Join(dir, "signers.toml"), signers, 0o600))
	if changed, err := j.Load(nil); changed || err != nil || j.State().Refused != nil || j.State().Entries != 1 {
		t.Errorf("mended: %v %v %+v", changed, err, j.State())
	}
}

func TestNoTrust(t *testing.T) {
	dir := trustRoot(t)
	j := newJudge(t, dir)
	refuses := func(when string) {
		t.Helper()
		if a, err := j.Ask(t.Context(), 1, about(document(t))); !errors.Is(err, ErrNoTrust) || a.Ruling != nil {
			t.Errorf("%s: %+v %v", when, a, err)
		}
		if s := j.State(); s.Trust != "" || s.Refused == nil || !strings.HasPrefix(s.TrustLine(), "nothing can be verified: ") {
			t.Errorf("%s: %+v, %s", when, s, s.TrustLine())
		}
	}
	refuses("before it was read")
	spoil(t, dir)
	_, err := j.Load(nil)
	if err == nil {
		t.Error("a spoilt trust root came into force")
	}
	refuses("a spoilt one")
	trustNobody(t, dir)
	if changed, err := j.Load(nil); !changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	if a := ask(t, j, about(document(t))); a.Verified {
		t.Errorf("%+v", a)
	}
}

func TestLines(t *testing.T) {
	s := State{Trust: "ab", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Entries: 2, Bytes: 3 << 19, Limit: 64 << 20, Hits: 5, Misses: 6}
	if got, want := s.TrustLine(), "ab in force since 2026-01-02T02:04:05Z"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := s.CacheLine(), "2 remembered in 1.5 of 64 MiB; 5 found, 6 judged"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
