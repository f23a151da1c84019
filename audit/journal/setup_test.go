package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"stellad/audit"
	"stellad/tlog"
)

const (
	origin = "appliance.example/audit"
	boot   = "7a5b1c9e-2f64-4c1d-9a57-0123456789ab"
)

// testClock is a clock that the test sets.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *testClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// recorder keeps what is logged: what is healed must be told.
type recorder struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(b)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// options are those of a small journal: several segments after some dozens of records.
func options() Options {
	clock := &testClock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	began := time.Now()
	return Options{
		Clock: clock.time, Boot: boot, Up: func() time.Duration { return time.Since(began) },
		Log:         slog.New(slog.NewTextHandler(io.Discard, nil)),
		SegmentSize: 16 << 10, Floor: 1 << 20, Ballast: 1 << 16,
		Stall: time.Minute, // the machine that tests may be slow
	}
}

func logTo(o Options, w io.Writer) Options {
	o.Log = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return o
}

func mustOpen(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() }) //nolint:errcheck // closed already, where it matters
	return j
}

// mustClose closes a journal that is to close well.
func mustClose(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// draft is the n-th record of a test; the first is a genesis record.
func draft(n uint64) audit.Record {
	r := audit.Record{
		Type: "call", V: 1, Actor: &audit.Actor{UID: 1000, GID: 1000}, Socket: "admin",
		Method: "stella.v1.Admin/TrustReload", Target: fmt.Sprintf("object-%d", n), Outcome: "ok",
	}
	if n > 0 {
		return r
	}
	_, key := auditKey()
	body, err := audit.MarshalBody(&audit.Genesis{Key: key.String(), Name: "appliance.example", Origin: origin})
	if err != nil {
		panic(err)
	}
	r.Type, r.Body = "genesis", body
	return r
}

func mustAppend(t testing.TB, j *Journal, note map[string]string) *audit.Record {
	t.Helper()
	rec, err := j.Append(context.Background(), draft(j.State().Size), note)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// fill appends n records; every third has an annotation.
func fill(t testing.TB, j *Journal, n int) {
	t.Helper()
	for range n {
		seq := j.State().Size
		var text map[string]string
		if seq%3 == 1 {
			text = map[string]string{"reason": fmt.Sprintf("the reason for %d", seq)}
		}
		mustAppend(t, j, text)
	}
}

// signWith gives j a key for checkpoints.
func signWith(t testing.TB, j *Journal) {
	t.Helper()
	sign, key := auditKey()
	if err := j.SignWith(origin, sign, key); err != nil {
		t.Fatal(err)
	}
}

func auditKey() (func([]byte) ([]byte, error), *tlog.VerifierKey) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key, err := tlog.NewVerifierKey(origin, private.Public())
	if err != nil {
		panic(err)
	}
	return func(text []byte) ([]byte, error) {
		return note.Sign(&note.Note{Text: string(text)}, noteSigner{private, key})
	}, key
}

type noteSigner struct {
	private ed25519.PrivateKey
	key     *tlog.VerifierKey
}

func (s noteSigner) Name() string                    { return s.key.Name() }
func (s noteSigner) KeyHash() uint32                 { return s.key.KeyHash() }
func (s noteSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.private, msg), nil }

// lines gives all lines of the log, as they are read back.
func lines(t testing.TB, j *Journal) []string {
	t.Helper()
	var all []string
	for line, err := range j.Lines(0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(line))
	}
	return all
}

// rootOf is the root over lines by another implementation.
func rootOf(lines []string) tlog.Hash {
	var r tlog.Range
	for _, line := range lines {
		r.Append(tlog.LeafHash([]byte(line)))
	}
	return r.Root()
}

// copyOf copies a journal's folder, as a crash leaves it.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "journal")
	copyFolder(t, dir, to)
	return to
}

// abandon ends a journal as a kill does: nothing is written.
func (j *Journal) abandon() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	close(j.stop)
	j.ended.Wait()
	j.files.release()
}
