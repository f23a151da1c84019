package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"stellad/access"
	"stellad/audit"
)

const name = "a.example"

// open opens a ledger of the state folder, which is closed with the test. Nothing may fail to be folded.
func open(t testing.TB, state, vkey string) *Ledger {
	t.Helper()
	l, err := tryOpen(t, state, vkey, func(err error) { t.Error(err) })
	must(t, err)
	t.Cleanup(func() { _ = l.Close() }) // a test that closes it itself looks at the error
	return l
}

// tryOpen opens the ledger of the key that vkey names, or begins one where that is "".
func tryOpen(t testing.TB, state, vkey string, failed func(error)) (*Ledger, error) {
	k, err := FileKey(state, name, vkey)
	if err != nil {
		return nil, err
	}
	return Open(t.Context(), Options{
		State: state, Name: name, Begin: vkey == "", Key: k, Log: slog.New(slog.DiscardHandler), Failed: failed,
		floor: 1, ballast: 1,
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// types gives the types of all records, and of one annotation each that there is.
func types(t *testing.T, l *Ledger) (all []string) {
	t.Helper()
	for e, err := range l.Entries(t.Context(), 0, false, func(*audit.Record) bool { return true }) {
		must(t, err)
		all = append(all, e.Record.Type)
	}
	return all
}

func caller(uid uint32) *Call {
	return &Call{Actor: access.Actor{UID: uid, GID: 7}, Socket: "admin", Method: "/stella.v1.X/Do", Request: "r-1"}
}

func TestBeginning(t *testing.T) {
	state := t.TempDir()
	l := open(t, state, "")
	if got := fmt.Sprint(types(t, l)); got != "[genesis start]" {
		t.Errorf("a new log has %s", got)
	}
	if info, err := os.Stat(filepath.Join(state, "audit.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	vkey := l.Key()
	must(t, l.Close())
	if got := fmt.Sprint(types(t, open(t, state, vkey))); got != "[genesis start stop start]" {
		t.Errorf("after a restart it has %s", got)
	}
}

// TestNotOurs: a log that is gone, or another's, or a key that is, is never taken for a beginning.
func TestNotOurs(t *testing.T) {
	state := t.TempDir()
	l := open(t, state, "")
	vkey := l.Key()
	must(t, l.Close())
	other := t.TempDir()
	must(t, open(t, other, "").Close())
	for _, c := range []struct {
		name, vkey string
		spoil      func(dir string) error
	}{
		{"another key wanted", vkey[:len(vkey)-4] + "AAA=", nil},
		{"the log is gone", vkey, func(dir string) error { return os.RemoveAll(filepath.Join(dir, "audit")) }},
		{"the key is gone", vkey, func(dir string) error { return os.Remove(filepath.Join(dir, "audit.key")) }},
		{"the key is another's", vkey, func(dir string) error { return copyFile(other, dir, "audit.key") }},
		{"the key is nonsense", vkey, func(dir string) error { return os.WriteFile(filepath.Join(dir, "audit.key"), []byte("x"), 0o600) }},
		{"the log is another's", vkey, func(dir string) error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "audit")), os.CopyFS(filepath.Join(dir, "audit"), os.DirFS(filepath.Join(other, "audit"))))
		}},
	} {
		dir := t.TempDir()
		must(t, os.CopyFS(dir, os.DirFS(state)))
		if c.spoil != nil {
			must(t, c.spoil(dir))
		}
		l, err := tryOpen(t, dir, c.vkey, nil)
		if err == nil {
			_ = l.Close()
			t.Errorf("%s: it opens", c.name)
		}
	}
}

func copyFile(from, to, file string) error {
	text, err := os.ReadFile(filepath.Join(from, file))
	return errors.Join(err, os.WriteFile(filepath.Join(to, file), text, 0o600))
}

// TestStanding: what is in force is what the log said last, after a restart and without the views too.
func TestStanding(t *testing.T) {
	state := t.TempDir()
	l := open(t, state, "")
	if p, err := l.Policy(); err != nil || p != (audit.Policy{}) {
		t.Errorf("before any: %+v, %v", p, err)
	}
	digest := func(c byte) string { return string(bytes.Repeat([]byte{c}, 64)) }
	for v := range uint64(3) {
		must(t, l.PutPolicy(t.Context(), caller(5), audit.Policy{Version: v + 1, SHA256: digest('a' + byte(v))}))
	}
	must(t, l.PutTrust(t.Context(), audit.Trust{SHA256: digest('0')}))
	vkey := l.Key()
	must(t, l.Close())
	for _, drop := range []bool{false, true} {
		if drop {
			must(t, os.RemoveAll(filepath.Join(state, "db")))
		}
		l := open(t, state, vkey)
		p, err := l.Policy()
		must(t, err)
		trust, err := l.Trust()
		must(t, err)
		if p != (audit.Policy{Version: 3, SHA256: digest('c')}) || trust.SHA256 != digest('0') {
			t.Errorf("views dropped %t: %+v, %+v", drop, p, trust)
		}
		must(t, l.Close())
	}
}

// TestDenials: each stands singly with its reason, up to the cap; the rest is counted; nothing is lost in between.
func TestDenials(t *testing.T) {
	l := open(t, t.TempDir(), "")
	want := access.Permission{Resource: "keys", Verb: "rotate"}
	for range singly + 5 {
		must(t, l.Denied(t.Context(), caller(5), want, "no role"))
	}
	must(t, l.Denied(t.Context(), caller(6), want, "another's share is another's"))
	for range 3 {
		l.Answered(caller(5), "verified")
	}
	l.flush(t.Context())
	singles, rows, more := 0, uint64(0), uint64(0)
	for e, err := range l.Entries(t.Context(), 0, false, func(*audit.Record) bool { return true }) {
		must(t, err)
		body, err := e.Record.Decode()
		must(t, err)
		switch b := body.(type) {
		case *audit.Denial:
			singles++
			if b.Permission != "keys:rotate" || e.Record.Outcome != "denied" || e.Record.Method != "stella.v1.X/Do" || e.Annotation["reason"] == "" || bytes.Contains(e.Line, []byte("role")) {
				t.Errorf("%s %v", e.Line, e.Annotation)
			}
		case *audit.Tally:
			for _, c := range b.Rows {
				rows += c.Count
			}
			for _, c := range b.More {
				more += c.Count
			}
		}
	}
	if singles != singly+1 || rows != 3 || more != 5 {
		t.Errorf("%d singly, %d answered, %d more", singles, rows, more)
	}
}

// TestTogether: many write at once, and each finds what it wrote folded when its call returns.
func TestTogether(t *testing.T) {
	l := open(t, t.TempDir(), "")
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			sum := fmt.Sprintf("%064x", i)
			for v := range uint64(10) {
				if err := l.PutPolicy(t.Context(), caller(uint32(i)), audit.Policy{Version: v + 1, SHA256: sum}); err != nil {
					t.Error(err)
				}
				if p, err := l.Policy(); err != nil || p.Version == 0 {
					t.Errorf("%+v %v", p, err)
				}
			}
		})
	}
	all.Wait()
	if size := l.State().Size; size != 2+320 {
		t.Errorf("%d records", size)
	}
}

// TestExport: what is exported verifies, with what was erased gone, and is consistent with an earlier export.
func TestExport(t *testing.T) {
	l := open(t, t.TempDir(), "")
	must(t, l.Denied(t.Context(), caller(5), access.Permission{Resource: "a", Verb: "b"}, "somebody's name"))
	export := func(since []byte) (fstest.MapFS, *audit.Result) {
		files := fstest.MapFS{}
		_, err := l.Export(t.Context(), caller(5), since, func(name string, size int64, content io.Reader) error {
			data, err := io.ReadAll(content)
			if int64(len(data)) != size {
				t.Errorf("%s has %d bytes, not %d", name, len(data), size)
			}
			files[name] = &fstest.MapFile{Data: data}
			return err
		})
		must(t, err)
		r, err := audit.Verify(files, audit.VerifyOptions{Key: l.key.Public})
		must(t, err)
		return files, r
	}
	first, r := export(nil)
	if r.Size != 4 || r.Annotations != 1 {
		t.Errorf("%+v", r)
	}
	seq, err := l.Erase(t.Context(), caller(5), []uint64{2})
	must(t, err)
	second, r := export(nil)
	if seq != 4 || r.Size != 6 || r.Annotations != 0 || r.Erased != 1 {
		t.Errorf("seq %d, %+v", seq, r)
	}
	if _, err := audit.Verify(second, audit.VerifyOptions{Key: l.key.Public, Baseline: first["checkpoint"].Data}); err != nil {
		t.Error(err)
	}
	for name, f := range second {
		if bytes.Contains(f.Data, []byte("somebody")) {
			t.Errorf("%s still has the name", name)
		}
	}
	if _, err := l.Erase(t.Context(), caller(5), []uint64{2}); err == nil {
		t.Error("what was erased is erased again")
	}
}

// TestFollow: who follows gets what comes, in order, and stops with its context.
func TestFollow(t *testing.T) {
	l := open(t, t.TempDir(), "")
	ctx, stop := context.WithCancel(t.Context())
	got := make(chan uint64, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e, err := range l.Entries(ctx, 2, true, func(r *audit.Record) bool { return r.Type == typeCall }) {
			if err != nil {
				return
			}
			got <- e.Record.Seq
		}
	}()
	for range 20 {
		must(t, l.Acted(t.Context(), caller(1), "x"))
	}
	for want := uint64(2); want < 22; want++ {
		select {
		case seq := <-got:
			if seq != want {
				t.Fatalf("got %d, want %d", seq, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no record %d", want)
		}
	}
	stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}
