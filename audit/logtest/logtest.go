// Package logtest gives the tests of those who fold the audit log a log and its views, on disk.
//
// A test binary that uses it is the child, too, that checks a store: its TestMain is Main.
package logtest

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
	"stellad/store"
)

// Main is the main of a test binary that uses this package.
func Main(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "worker" {
		os.Exit(store.CheckMain(os.Args[3:]))
	}
	os.Exit(m.Run())
}

// ErrRefused is the error of a record that a test has refused.
var ErrRefused = errors.New("refused by the test")

// A Log is a journal that has begun, and its views.
type Log struct {
	*journal.Journal
	*store.Store

	Refuse string // the type of record that is refused, as by a full disk
}

// Write appends a record, durably, and has the views follow.
func (l *Log) Write(ctx context.Context, rec audit.Record, body any, note map[string]string) (*audit.Record, error) {
	if rec.Type == l.Refuse {
		return nil, ErrRefused
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

// Read is the store's, not the journal's.
func (l *Log) Read(fn func(*store.Tx) error) error { return l.Store.Read(fn) }

// New begins the log of the appliance called name, in a folder of the test's.
func New(t testing.TB, name string, views ...*store.Keyspace) *Log {
	t.Helper()
	dir := t.TempDir()
	j, err := journal.Open(filepath.Join(dir, "audit"), journal.Options{
		Clock: time.Now, Boot: "00000000-0000-0000-0000-000000000000", Up: func() time.Duration { return time.Hour },
		Log: slog.New(slog.DiscardHandler), Floor: 1, Ballast: 1,
	})
	must(t, err)
	s, err := store.Open(t.Context(), store.Options{Dir: filepath.Join(dir, "db"), Keyspaces: views, Floor: 1, Ballast: 1})
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(s.Close(), j.Close())) })
	for _, v := range views {
		_, _, err = s.Catch(t.Context(), v, 0, nil)
		must(t, err)
	}
	l := &Log{Journal: j, Store: s}
	_, vkey, err := note.GenerateKey(rand.Reader, name+"/audit")
	must(t, err)
	_, err = l.Write(t.Context(), audit.Record{Type: "genesis", V: 1}, audit.Genesis{Key: vkey, Name: name, Origin: name + "/audit"}, nil)
	must(t, err)
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
