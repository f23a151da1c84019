package main

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"stellad/audit"
	"stellad/tlog"
)

// testLog is an audit log in memory, with a real key: the source of real exports.
type testLog struct {
	signer      note.Signer
	key         *tlog.VerifierKey
	lines       [][]byte
	annotations []audit.Annotation
	checkpoints [][]byte
}

func newTestLog(t *testing.T, seed byte) *testLog {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{seed}), "stella.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	l := &testLog{}
	if l.signer, err = note.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	if l.key, err = tlog.ParseVerifierKey(vkey); err != nil {
		t.Fatal(err)
	}
	l.add(t, audit.Record{Type: "genesis", Body: body(t, audit.Genesis{Name: "stella.example", Origin: l.key.Name(), Key: vkey})}, nil)
	return l
}

func body(t *testing.T, v any) []byte {
	t.Helper()
	text, err := audit.MarshalBody(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// add appends a record, of which the caller gives what is special.
func (l *testLog) add(t *testing.T, rec audit.Record, said map[string]string) {
	t.Helper()
	rec.V, rec.Seq, rec.Boot = 1, uint64(len(l.lines)), "0b6e4a1c-7a52-4d0e-9a57-4c2f6a1b7f10"
	rec.Time = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(rec.Seq) * time.Minute)
	rec.Up = int64(rec.Seq+1) * int64(time.Minute)
	if said != nil {
		a := audit.Annotation{Seq: rec.Seq, Text: said}
		binary.BigEndian.PutUint64(a.Salt[:], rec.Seq*0x9e3779b97f4a7c15)
		rec.Note = a.Hash()
		l.annotations = append(l.annotations, a)
	}
	line, err := rec.Line()
	if err != nil {
		t.Fatal(err)
	}
	l.lines = append(l.lines, line)
}

// deny appends a denial of user 1000's.
func (l *testLog) deny(t *testing.T, said map[string]string) {
	t.Helper()
	l.add(t, audit.Record{
		Type: "denial", Actor: &audit.Actor{UID: 1000, GID: 100}, Socket: "admin", Method: "stella.v1.AccessService/Reload",
		Outcome: "denied", Request: "q-1", Body: body(t, audit.Denial{Permission: "access:reload"}),
	}, said)
}

// checkpoint signs the log as it is.
func (l *testLog) checkpoint(t *testing.T) []byte {
	t.Helper()
	var tree tlog.Range
	for _, line := range l.lines {
		tree.Append(tlog.LeafHash(line))
	}
	text := tlog.Checkpoint{Origin: l.key.Name(), Size: tree.Size(), Root: tree.Root()}.Marshal()
	msg, err := note.Sign(&note.Note{Text: string(text)}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	l.checkpoints = append(l.checkpoints, msg)
	return msg
}

// latest is the last checkpoint.
func (l *testLog) latest() []byte { return l.checkpoints[len(l.checkpoints)-1] }

func each[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (l *testLog) Lines(first, end uint64) iter.Seq2[[]byte, error] { return each(l.lines[first:end]) }

func (l *testLog) Annotations(first, end uint64) iter.Seq2[audit.Annotation, error] {
	var some []audit.Annotation
	for _, a := range l.annotations {
		if a.Seq >= first && a.Seq < end {
			some = append(some, a)
		}
	}
	return each(some)
}

func (l *testLog) Checkpoints() iter.Seq2[[]byte, error] { return each(l.checkpoints) }
