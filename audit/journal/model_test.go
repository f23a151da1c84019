package journal

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"stellad/audit"
)

// model is what a journal must hold, with no disk: what was acknowledged.
type model struct {
	t     *rapid.T
	files testing.TB
	o     Options
	dir   string
	disk  *powerCut
	j     *Journal

	lines   []string
	texts   map[uint64]string // of annotations that are there
	erased  map[uint64]bool
	pending map[string]string // lines that nobody was told of, but may be there; by target, with their text
	erasing []uint64          // an erasure that nobody was told of
}

func (m *model) open(dir string) { m.openUntil(dir, 0) }

// openUntil opens, and cuts the power before one of the calls of that; 0 is none.
func (m *model) openUntil(dir string, cutAt int) {
	m.dir = dir
	m.disk = newPowerCut(m.files, dir, rapid.Uint64().Draw(m.t, "luck"))
	m.disk.cutAt = cutAt
	m.o.sys = m.disk.system()
	j, err := Open(dir, m.o)
	if err != nil {
		m.t.Fatalf("open after %d records: %v", len(m.lines), err)
	}
	m.j = j
	sign, key := auditKey()
	if err := j.SignWith(origin, sign, key); err != nil {
		m.t.Fatal(err)
	}
}

// append has several callers append at once.
func (m *model) append(t *rapid.T) {
	n := rapid.IntRange(1, 9).Draw(t, "callers")
	if len(m.lines) == 0 {
		n = 1
	}
	recs, texts := make([]*audit.Record, n), make([]string, n)
	m.pending = map[string]string{}
	var all sync.WaitGroup
	for i := range n {
		d := draft(uint64(len(m.lines)))
		d.Target = fmt.Sprintf("object-%d-%d", len(m.lines), i)
		texts[i] = rapid.SampledFrom([]string{"", "", "because", strings.Repeat("long ", 300)}).Draw(t, "text")
		m.pending[d.Target] = texts[i]
		all.Go(func() {
			var note map[string]string
			if texts[i] != "" {
				note = map[string]string{"reason": texts[i]}
			}
			rec, err := m.j.Append(context.Background(), d, note)
			if err != nil {
				t.Errorf("append: %v", err)
			}
			recs[i] = rec
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if m.disk.image != "" {
		return // the acknowledgements came after the cut
	}
	m.pending = nil
	for i, rec := range recs {
		if texts[i] != "" {
			m.texts[rec.Seq] = texts[i]
		}
	}
	slices.SortFunc(recs, func(a, b *audit.Record) int { return int(a.Seq) - int(b.Seq) })
	for _, rec := range recs {
		m.take(rec)
	}
}

func (m *model) take(rec *audit.Record) {
	line, err := rec.Line()
	if err != nil || rec.Seq != uint64(len(m.lines)) {
		m.t.Fatalf("record %d after %d: %v", rec.Seq, len(m.lines), err)
	}
	m.lines = append(m.lines, string(line))
}

func (m *model) erase(t *rapid.T) {
	var some []uint64
	for seq := range m.texts {
		some = append(some, seq)
	}
	if len(some) == 0 {
		return
	}
	slices.Sort(some)
	some = some[:rapid.IntRange(1, len(some)).Draw(t, "erased")]
	m.erasing = some
	rec, err := m.j.Erase(context.Background(), audit.Record{Outcome: "ok"}, some...)
	if err != nil {
		t.Fatalf("erase: %v", err)
	}
	if m.disk.image != "" {
		return
	}
	m.erasing = nil
	m.take(rec)
	m.forget(some)
}

func (m *model) forget(seqs []uint64) {
	for _, seq := range seqs {
		m.erased[seq] = true
		delete(m.texts, seq)
	}
}

// crash cuts the power during one of the next calls, and goes on with what is left.
func (m *model) crash(t *rapid.T) {
	m.disk.mu.Lock()
	m.disk.cutAt = m.disk.calls + rapid.IntRange(1, 12).Draw(t, "calls")
	m.disk.mu.Unlock()
	for m.cutNotYet() {
		if rapid.Bool().Draw(t, "erase") {
			m.erase(t)
		} else {
			m.append(t)
		}
		if rapid.Bool().Draw(t, "checkpoint") && m.cutNotYet() {
			m.checkpoint(t)
		}
	}
	m.j.Close() //nolint:errcheck // what is written after the cut is not there
	for range rapid.IntRange(0, 2).Draw(t, "cuts while it starts") {
		m.openUntil(m.disk.image, rapid.IntRange(1, 8).Draw(t, "calls"))
		m.j.Close() //nolint:errcheck // as above
		if m.cutNotYet() {
			m.disk.image = m.dir // it took fewer calls
		}
	}
	m.open(m.disk.image)
	m.adopt()
}

func (m *model) cutNotYet() bool {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.disk.image == ""
}

// adopt takes in what a crash left of what nobody was told of: some of it, nothing else.
func (m *model) adopt() {
	err := m.j.Replay(uint64(len(m.lines)), func(rec *audit.Record) error {
		if rec.Type == typeErase && m.erasing != nil {
			m.forget(m.erasing)
			m.erasing = nil
		} else if text, ok := m.pending[rec.Target]; ok {
			delete(m.pending, rec.Target)
			if text != "" {
				m.texts[rec.Seq] = text
			}
		} else {
			return fmt.Errorf("record %d came out of nowhere: %+v", rec.Seq, rec)
		}
		m.take(rec)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.pending, m.erasing = nil, nil
}

func (m *model) checkpoint(t *rapid.T) {
	if _, err := m.j.Checkpoint(); err != nil {
		t.Fatalf("checkpoint: %v", err)
	}
}

func (m *model) reopen(t *rapid.T) {
	if err := m.j.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	m.open(m.dir)
}

// agree holds the journal to the model.
func (m *model) agree(t *rapid.T) {
	var got []string
	for line, err := range m.j.Lines(0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	if !slices.Equal(got, m.lines) {
		t.Fatalf("%d lines, want %d; or others", len(got), len(m.lines))
	}
	if s := m.j.State(); s.Root != rootOf(m.lines) || s.ReadOnly != nil {
		t.Fatalf("%+v, want %s", s, rootOf(m.lines))
	}
	for seq := range uint64(len(m.lines)) {
		m.agreeOnText(t, seq)
	}
}

func (m *model) agreeOnText(t *rapid.T, seq uint64) {
	a, err := m.j.Annotation(seq)
	text, has := m.texts[seq]
	switch {
	case has && (err != nil || a.Text["reason"] != text):
		t.Fatalf("the annotation of %d: %v, %v", seq, a, err)
	case m.erased[seq] && !errors.Is(err, ErrErased):
		t.Fatalf("the erased annotation of %d: %v, %v", seq, a, err)
	case !has && !m.erased[seq] && !errors.Is(err, ErrNoAnnotation):
		t.Fatalf("record %d, which has no annotation: %v, %v", seq, a, err)
	}
}

// TestModel: whatever is done in whatever order, with the power cut at any write, the
// journal holds what was acknowledged and nothing that nobody asked for.
func TestModel(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() == checks.DefValue { // a check takes most of a second
		if err := flag.Set("rapid.checks", "15"); err != nil {
			t.Fatal(err)
		}
		defer flag.Set("rapid.checks", checks.DefValue) //nolint:errcheck // it was that before
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, files: t, o: options(), texts: map[uint64]string{}, erased: map[uint64]bool{}}
		m.open(filepath.Join(t.TempDir(), "journal"))
		defer func() { m.j.Close() }() //nolint:errcheck // the checks are before
		rt.Repeat(map[string]func(*rapid.T){
			"append":     m.append,
			"erase":      m.erase,
			"checkpoint": m.checkpoint,
			"reopen":     m.reopen,
			"crash":      m.crash,
			"":           m.agree,
		})
		if _, err := m.j.Check(context.Background()); err != nil {
			rt.Fatal(err)
		}
	})
}
