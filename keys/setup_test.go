package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"stellad/audit"
	"stellad/audit/journal"
	"stellad/hsm"
	"stellad/hsm/hsmtest"
	"stellad/store"
)

// The test binary is the child, too, that checks a store.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "worker" {
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(m.Run())
}

const name = "a.example"

// log is a journal and the view, on disk.
type log struct {
	*journal.Journal
	*store.Store

	refuse string // the type of record that is refused, as by a full disk
}

var errRefused = errors.New("refused by the test")

func (l *log) Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error) {
	if rec.Type == l.refuse {
		return nil, errRefused
	}
	var err error
	if rec.Body, err = audit.MarshalBody(body); err != nil {
		return nil, err
	}
	written, err := l.Append(ctx, rec, note)
	if err != nil {
		return nil, err
	}
	line, err := written.Line()
	if err != nil {
		return nil, err
	}
	return written, l.Apply(ctx, written.Seq, line)
}

func (l *log) Read(fn func(*store.Tx) error) error { return l.Store.Read(fn) }

// openLog makes a log that has begun.
func openLog(t testing.TB) *log {
	t.Helper()
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "audit"), journal.Options{
		Clock: time.Now, Boot: "00000000-0000-0000-0000-000000000000", Up: func() time.Duration { return time.Hour },
		Log: slog.New(slog.DiscardHandler), Floor: 1, Ballast: 1,
	})
	must(t, err)
	s, err := store.Open(t.Context(), store.Options{Dir: filepath.Join(dir, "db"), Keyspaces: []*store.Keyspace{View}, Floor: 1, Ballast: 1})
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(s.Close(), j.Close())) })
	_, _, err = s.Catch(t.Context(), View, 0, nil)
	must(t, err)
	l := &log{Journal: j, Store: s}
	_, vkey, err := note.GenerateKey(rand.Reader, name+"/audit")
	must(t, err)
	_, err = l.Write(t.Context(), audit.Record{Type: "genesis", V: 1}, audit.Genesis{Key: vkey, Name: name, Origin: name + "/audit"}, nil)
	must(t, err)
	return l
}

// open makes a registry with a token and a log of its own.
func open(t testing.TB) (*Registry, *log, *hsm.Client) {
	t.Helper()
	l, token := openLog(t), hsmtest.Client(t)
	return New(name, token, l), l, token
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
