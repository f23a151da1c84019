package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stellad/audit"
)

// TestClock: a clock that stands before the last record by more than auditors allow
// makes the journal read-only, also by small steps and over a start, until it is right
// again or accepted as it is.
func TestClock(t *testing.T) {
	dir, o := t.TempDir(), options()
	clock := &testClock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	o.Clock = clock.time
	j := mustOpen(t, dir, o)
	fill(t, j, 3)
	clock.move(-audit.ClockTolerance / 2)
	mustAppend(t, j, nil)
	clock.move(-audit.ClockTolerance * 2 / 3)
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrClock) {
		t.Fatalf("two small steps back: %v", err)
	}
	if _, err := j.Erase(t.Context(), audit.Record{}, 1); !errors.Is(err, ErrClock) {
		t.Fatalf("an erasure: %v", err)
	}
	if err := j.Retry(); !errors.Is(err, ErrClock) {
		t.Fatalf("retry: %v", err)
	}
	if _, err := j.Checkpoint(); !errors.Is(err, ErrNoSigner) {
		t.Fatalf("a checkpoint: %v", err)
	}
	mustClose(t, j)
	j = mustOpen(t, dir, o)
	if s := j.State(); !errors.Is(s.ReadOnly, ErrClock) {
		t.Fatalf("after a start: %+v", s)
	}
	clock.move(audit.ClockTolerance)
	if err := j.Retry(); err != nil {
		t.Fatalf("the clock is right again: %v", err)
	}
	mustAppend(t, j, nil)

	clock.move(-1000 * time.Hour)
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrClock) {
		t.Fatalf("a thousand hours back: %v", err)
	}
	rec, err := j.AcceptTime(t.Context(), audit.Record{Actor: &audit.Actor{UID: 1}}, map[string]string{"reason": "battery"})
	if err != nil || rec.Type != "time" {
		t.Fatalf("accept: %+v, %v", rec, err)
	}
	if s := j.State(); s.ReadOnly != nil || !s.Latest.Equal(rec.Time) {
		t.Fatalf("after it was accepted: %+v", s)
	}
	mustAppend(t, j, nil)
	mustClose(t, j)
	mustAppend(t, mustOpen(t, dir, o), nil)
	inOrder(t, dir, o)
}

// inOrder holds the records to what auditors hold them to.
func inOrder(t *testing.T, dir string, o Options) {
	t.Helper()
	j := mustOpen(t, copyOf(t, dir), o)
	var order audit.Order
	if err := j.Replay(0, order.Follow); err != nil {
		t.Error(err)
	}
	mustClose(t, j)
}

// TestFloor: below the floor of free space only what frees something, or says why
// nothing else is written, is written; the ballast is given up for it and taken back.
func TestFloor(t *testing.T) {
	var room atomic.Int64
	room.Store(100 << 20)
	dir, o := t.TempDir(), options()
	o.Floor, o.Ballast = 10<<20, 1<<20
	o.sys = kernel()
	o.sys.free = func(string) (int64, error) { return room.Load(), nil }
	j := mustOpen(t, dir, o)
	fill(t, j, 5)
	ballast := filepath.Join(dir, "ballast")
	if info, err := os.Stat(ballast); err != nil || info.Size() != 1<<20 {
		t.Fatalf("the ballast: %v, %v", info, err)
	}
	room.Store(10<<20 - 1)
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrNoSpace) {
		t.Fatalf("below the floor: %v", err)
	}
	if _, err := os.Stat(ballast); err != nil {
		t.Fatalf("the ballast was given up for nothing: %v", err)
	}
	if _, err := j.Erase(t.Context(), audit.Record{}, 1); err != nil {
		t.Fatalf("an erasure: %v", err)
	}
	if _, err := os.Stat(ballast); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the ballast is still there: %v", err)
	}
	stop := draft(1)
	stop.Type = "stop"
	if _, err := j.Append(t.Context(), stop, nil); err != nil {
		t.Fatalf("a stop record: %v", err)
	}
	room.Store(10<<20 + 1) // it would fall below the floor with the ballast
	if err := j.Retry(); !errors.Is(err, ErrNoSpace) {
		t.Fatalf("no room for the ballast: %v", err)
	}
	room.Store(12 << 20)
	if err := j.Retry(); err != nil {
		t.Fatalf("there is room: %v", err)
	}
	mustAppend(t, j, nil)
	if info, err := os.Stat(ballast); err != nil || info.Size() != 1<<20 {
		t.Errorf("the ballast: %v, %v", info, err)
	}
}

// TestFullDisk fills a real disk, step by step and then to the last byte: the journal is
// read-only before it meets the end, still writes what it must, and goes on once there is
// room.
func TestFullDisk(t *testing.T) {
	disk, real := smallDisk(t, 24)
	dir, filler := filepath.Join(disk, "journal"), filepath.Join(disk, "filler")
	o := options()
	o.Floor, o.Ballast, o.SegmentSize = 4<<20, 1<<20, 64<<10
	o.sys = kernel()
	if !real {
		o.sys.free = func(string) (int64, error) {
			info, err := os.Stat(filler)
			if err != nil {
				return 20 << 20, nil
			}
			return 20<<20 - info.Size(), nil
		}
	}
	j := mustOpen(t, dir, o)
	signWith(t, j)
	fill(t, j, 10)
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunk := make([]byte, 1<<20)
	for {
		if _, err = j.Append(t.Context(), draft(1), nil); err != nil {
			break
		}
		if _, err := f.Write(chunk); err != nil {
			t.Fatalf("the disk was full before the journal was read-only: %v", err)
		}
	}
	if !errors.Is(err, ErrNoSpace) || errors.Is(err, ErrDisk) {
		t.Fatalf("near the end: %v", err)
	}
	for real { // the rest, to the last block
		if _, err := f.Write(chunk[:4096]); err != nil {
			break
		}
	}
	for n := range 400 { // more than a segment holds
		r := draft(1)
		r.Type, r.Body = "readonly", []byte(`{"cause":"disk.full","state":"entered"}`)
		if _, err := j.Append(t.Context(), r, map[string]string{"reason": strings.Repeat("x", 200)}); err != nil {
			t.Fatalf("readonly record %d: %v", n, err)
		}
	}
	if _, err := j.Erase(t.Context(), audit.Record{}, 1, 4); err != nil {
		t.Fatalf("an erasure on the full disk: %v", err)
	}
	mustCheckpoint(t, j)
	mustClose(t, j)
	j = mustOpen(t, dir, o)
	if s := j.State(); !errors.Is(s.ReadOnly, ErrNoSpace) {
		t.Fatalf("a start on the full disk: %+v", s)
	}
	if err := os.Truncate(filler, 0); err != nil {
		t.Fatal(err)
	}
	if err := j.Retry(); err != nil {
		t.Fatalf("there is room again: %v", err)
	}
	mustAppend(t, j, nil)
	if _, err := j.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestMovedWhileWritten: a segment that goes away between the sync and the answer is noticed.
func TestMovedWhileWritten(t *testing.T) {
	dir, o := t.TempDir(), options()
	o.sys = kernel()
	j := mustOpen(t, dir, o)
	fill(t, j, 3)
	segment := filepath.Join(dir, "segments", segmentName(0))
	j.files.sys.sync = func(f *os.File) error {
		return errors.Join(datasync(f), os.Rename(segment, segment+".away"))
	}
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrMoved) {
		t.Fatalf("append: %v", err)
	}
	if s := j.State(); s.Size != 3 {
		t.Errorf("%+v", s)
	}
}

// TestDamageFoundLater: what Check finds makes the journal read-only, and Retry does not talk it away.
func TestDamageFoundLater(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, options())
	fill(t, j, 120)
	path := filepath.Join(dir, "segments", segmentName(0))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flip := func(b byte) {
		if _, err := f.WriteAt([]byte{b}, 5000); err != nil {
			t.Fatal(err)
		}
	}
	flip(content[5000] ^ 1)
	if _, err := j.Check(t.Context()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Fatalf("check: %v", err)
	}
	if _, err := j.Append(t.Context(), draft(1), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrDamaged) {
		t.Errorf("append: %v", err)
	}
	if err := j.Retry(); !errors.Is(err, ErrDamaged) {
		t.Errorf("retry: %v", err)
	}
	if err := j.Replay(0, func(*audit.Record) error { return nil }); !errors.Is(err, ErrDamaged) {
		t.Errorf("replay: %v", err)
	}
	flip(content[5000])
	if _, err := j.Check(t.Context()); err != nil {
		t.Errorf("check of what is whole again: %v", err)
	}
	mustAppend(t, j, nil)
}
