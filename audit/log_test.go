package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"stellad/tlog"
)

const (
	origin  = "stella.example/audit"
	boot    = "0b6e4a1c-7a52-4d0e-9a57-4c2f6a1b7f10"
	reboot  = "f2a9d0c4-1b1e-4b0a-8f61-0d5f6f3f9b22"
	hostile = "=HYPERLINK(\"http://x\")\x1b[2J\u202e\nMüller, \"Jörg\""
)

var begin = time.Date(2026, 3, 1, 8, 0, 0, 125000, time.UTC)

// signer is an audit key.
type signer struct {
	note.Signer
	*tlog.VerifierKey
}

func newSigner(t testing.TB, name string, seed uint64) signer {
	t.Helper()
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], seed)
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8(s), name)
	if err != nil {
		t.Fatal(err)
	}
	sign, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := tlog.ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return signer{sign, key}
}

func (s signer) sign(t testing.TB, size uint64, root tlog.Hash) []byte {
	t.Helper()
	text := tlog.Checkpoint{Origin: s.VerifierKey.Name(), Size: size, Root: root}.Marshal()
	msg, err := note.Sign(&note.Note{Text: string(text)}, s.Signer)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// memory is a log in memory: the Source of these tests.
type memory struct {
	key         signer
	lines       [][]byte
	annotations []Annotation
	checkpoints [][]byte
	every       int // records from one checkpoint to the next
	up          int64
}

func (m *memory) Lines(first, end uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, line := range m.lines[first:min(end, uint64(len(m.lines)))] {
			if !yield(line, nil) {
				return
			}
		}
	}
}

func (m *memory) Annotations(first, end uint64) iter.Seq2[Annotation, error] {
	return func(yield func(Annotation, error) bool) {
		for _, a := range m.annotations {
			if a.Seq >= first && a.Seq < end && !yield(a, nil) {
				return
			}
		}
	}
}

func (m *memory) Checkpoints() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, c := range m.checkpoints {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// record gives the next record, but for its type's own members.
func (m *memory) record(kind string, body any) *Record {
	m.up += 1_500_000_000
	seq := uint64(len(m.lines))
	raw, err := MarshalBody(body)
	if err != nil {
		panic(err)
	}
	return &Record{Type: kind, V: 1, Seq: seq, Time: begin.Add(time.Duration(seq) * 90 * time.Second), Boot: boot, Up: m.up, Body: raw}
}

func (m *memory) add(t testing.TB, r *Record) {
	t.Helper()
	line, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	m.lines = append(m.lines, line)
}

// annotate adds a record with an annotation.
func (m *memory) annotate(t testing.TB, r *Record, text map[string]string) {
	t.Helper()
	a := Annotation{Seq: r.Seq, Text: text}
	binary.BigEndian.PutUint64(a.Salt[:], r.Seq*0x9e3779b97f4a7c15)
	r.Note = a.Hash()
	m.add(t, r)
	m.annotations = append(m.annotations, a)
}

func (m *memory) root(size int) tlog.Hash {
	var tree tlog.Range
	for _, line := range m.lines[:size] {
		tree.Append(tlog.LeafHash(line))
	}
	return tree.Root()
}

func (m *memory) checkpoint(t testing.TB) []byte {
	t.Helper()
	msg := m.key.sign(t, uint64(len(m.lines)), m.root(len(m.lines)))
	m.checkpoints = append(m.checkpoints, msg)
	return msg
}

// newLog gives a log of size records of every kind, with a checkpoint for each
// hundredth and the last.
func newLog(t testing.TB, size int) *memory {
	t.Helper()
	return newLogOf(t, size, 100)
}

func newLogOf(t testing.TB, size, every int) *memory {
	t.Helper()
	m := &memory{key: newSigner(t, origin, 1), every: every}
	m.grow(t, size)
	return m
}

func (m *memory) grow(t testing.TB, size int) {
	t.Helper()
	for n := len(m.lines); n < size; n++ {
		m.next(t, n)
		if (n+1)%m.every == 0 && n+1 < size {
			m.checkpoint(t)
		}
	}
	m.checkpoint(t)
}

func (m *memory) next(t testing.TB, n int) {
	t.Helper()
	sum := fmt.Sprintf("%064x", n)
	switch {
	case n == 0:
		m.add(t, m.record("genesis", &Genesis{Name: "stella.example", Origin: origin, Key: m.key.VerifierKey.String()}))
	case n == 1:
		m.add(t, m.record("start", &Start{Version: "1.4.0", Recovered: &Recovered{Cut: 17, Views: []string{"mirrors"}}}))
	case n%16 == 2:
		r := m.record("denial", &Denial{Permission: "trust:write"})
		r.Actor, r.Socket, r.Method, r.Outcome = &Actor{1000, 1001}, "admin", "stella.v1.Admin/TrustReload", "denied"
		m.annotate(t, r, map[string]string{"reason": hostile, "user": fmt.Sprintf("u%d", n)})
	case n%16 == 3:
		m.add(t, m.record("tally", &Tally{From: Instant(begin), Rows: []Count{{12, "Verify", 1000, "verified"}}, More: []Count{{3, "Verify", 1001, ""}}}))
	case n%64 == 4:
		m.add(t, m.record("policy", &Policy{SHA256: sum, Version: uint64(n)}))
	case n%64 == 5:
		m.add(t, m.record("trust", &Trust{SHA256: sum}))
	case n%64 == 6:
		r := m.record("time", &Time{From: Instant(begin), To: Instant(begin.Add(time.Duration(n) * 90 * time.Second))})
		m.add(t, r)
	case n%64 == 7 && len(m.annotations) > 1:
		erased := m.annotations[len(m.annotations)-2]
		m.add(t, m.record("erase", &Erase{Seqs: []uint64{erased.Seq}}))
		m.annotations = slices.DeleteFunc(m.annotations, func(a Annotation) bool { return a.Seq == erased.Seq })
	case n%64 == 8:
		m.add(t, m.record("readonly", &ReadOnly{Cause: "disk.full", State: "entered"}))
	case n%64 == 9:
		m.add(t, m.record("view", &View{Name: "mirrors", Seq: uint64(n)}))
	case n%64 == 10:
		m.add(t, m.record("stop", &Stop{}))
	default:
		r := m.record("call", map[string]any{"bundle": "sha256:" + sum, "size": n})
		r.Actor, r.Socket, r.Method, r.Target, r.Outcome, r.Request = &Actor{0, 0}, "admin", "stella.v1.Admin/Receipt", "sha256:"+sum, "ok", fmt.Sprintf("r-%08x", n)
		m.add(t, r)
	}
}

// exported gives an export in memory.
func exported(t testing.TB, m *memory, since []byte) fstest.MapFS {
	t.Helper()
	dir := fstest.MapFS{}
	_, err := Export(into(dir), m, ExportOptions{Key: m.key.VerifierKey, Checkpoint: m.checkpoints[len(m.checkpoints)-1], Since: since})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func into(dir fstest.MapFS) Sink {
	return func(name string, size int64, content io.Reader) error {
		if dir[name] != nil {
			return fmt.Errorf("%s comes twice", name)
		}
		var b bytes.Buffer
		n, err := io.Copy(&b, content)
		if err == nil && n != size {
			err = fmt.Errorf("%d bytes, not %d", n, size)
		}
		dir[name] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o444}
		return err
	}
}
