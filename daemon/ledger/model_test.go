package ledger

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stellad/access"
	"stellad/audit"
)

// A model is what a ledger must say, with no disk.
type model struct {
	files testing.TB
	state string
	vkey  string
	l     *Ledger

	types  []string
	policy audit.Policy
	trust  audit.Trust
	notes  map[uint64]string // reasons of denials, by seq, but for those that were erased
	views  string            // the views as they were at some time, "" where they were not kept yet
}

// TestModel: whatever happens to a ledger, and to its views, what is in force and what is in the log is what was
// acknowledged.
func TestModel(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() == checks.DefValue { // a check takes some seconds
		must(t, flag.Set("rapid.checks", "2"))
		defer flag.Set("rapid.checks", checks.DefValue) //nolint:errcheck // it was that before
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{files: t, state: folder(t), notes: map[uint64]string{}}
		m.open(rt)
		m.types = []string{typeGenesis, typeStart}
		defer func() { _ = m.l.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"policy":  m.putPolicy,
			"trust":   m.putTrust,
			"deny":    m.deny,
			"act":     m.act,
			"erase":   m.erase,
			"restart": m.restart,
			"crash":   m.crash,
			"":        m.holds,
		})
	})
}

func folder(t testing.TB) string {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	must(t, err)
	return dir
}

func (m *model) open(t *rapid.T) {
	l, err := tryOpen(m.files, m.state, m.vkey, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatalf("open after %d records: %v", len(m.types), err)
	}
	m.l, m.vkey = l, l.Key()
}

// wrote takes a record that was acknowledged.
func (m *model) wrote(t *rapid.T, kind string, err error) {
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	m.types = append(m.types, kind)
}

var digests = rapid.StringMatching("[0-9a-f]{64}")

func (m *model) putPolicy(t *rapid.T) {
	p := audit.Policy{Version: m.policy.Version + rapid.Uint64Range(1, 3).Draw(t, "more"), SHA256: digests.Draw(t, "policy")}
	m.wrote(t, typePolicy, m.l.PutPolicy(m.files.Context(), caller(1), p))
	m.policy = p
}

func (m *model) putTrust(t *rapid.T) {
	trust := audit.Trust{SHA256: digests.Draw(t, "trust")}
	m.wrote(t, typeTrust, m.l.PutTrust(m.files.Context(), trust))
	m.trust = trust
}

func (m *model) deny(t *rapid.T) {
	seq, reason := uint64(len(m.types)), rapid.StringN(1, 40, 80).Draw(t, "reason")
	uid := uint32(seq) // each has a share of its own
	m.wrote(t, typeDenial, m.l.Denied(m.files.Context(), caller(uid), access.Permission{Resource: "keys", Verb: "rotate"}, reason))
	m.notes[seq] = reason
}

func (m *model) act(t *rapid.T) {
	m.wrote(t, typeCall, m.l.Acted(m.files.Context(), caller(1), "x"))
}

func (m *model) erase(t *rapid.T) {
	for seq := range m.notes {
		_, err := m.l.Erase(m.files.Context(), caller(1), []uint64{seq})
		m.wrote(t, typeErase, err)
		delete(m.notes, seq)
		return
	}
}

func (m *model) restart(t *rapid.T) {
	if err := m.l.Close(); err != nil {
		t.Fatal(err)
	}
	m.types = append(m.types, typeStop)
	m.again(t)
}

// crash goes on with the files as a process leaves them that is killed.
func (m *model) crash(t *rapid.T) {
	now := folder(m.files)
	m.copy(t, now, m.state)
	if err := m.l.Close(); err != nil {
		t.Fatal(err)
	}
	m.state = now
	m.again(t)
}

// again starts on views that are what they were, or otherwise.
func (m *model) again(t *rapid.T) {
	db, kept := filepath.Join(m.state, "db"), filepath.Join(folder(m.files), "db")
	m.copy(t, kept, db)
	switch rapid.SampledFrom([]string{"same", "same", "gone", "old", "old", "heads gone"}).Draw(t, "views") {
	case "gone":
		must(m.files, os.RemoveAll(db))
	case "old":
		if m.views != "" {
			must(m.files, os.RemoveAll(db))
			m.copy(t, db, m.views)
		}
	case "heads gone":
		must(m.files, os.Remove(filepath.Join(db, "heads")))
	}
	m.views = kept
	m.open(t)
	m.types = append(m.types, typeStart)
}

func (m *model) copy(t *rapid.T, to, from string) {
	if out, err := exec.Command("cp", "-a", "--sparse=always", "-T", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// holds wants the ledger to say what the model does.
func (m *model) holds(t *rapid.T) {
	p, err1 := m.l.Policy()
	trust, err2 := m.l.Trust()
	if err := errors.Join(err1, err2); err != nil || p != m.policy || trust != m.trust {
		t.Fatalf("in force are %+v and %+v, not %+v and %+v: %v", p, trust, m.policy, m.trust, err)
	}
	var kinds []string
	notes := map[uint64]string{}
	for e, err := range m.l.Entries(m.files.Context(), 0, false, func(*audit.Record) bool { return true }) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, e.Record.Type)
		if e.Annotation != nil {
			notes[e.Record.Seq] = e.Annotation["reason"]
		}
	}
	if !slices.Equal(kinds, m.types) {
		t.Fatalf("there are\n%s, not\n%s", strings.Join(kinds, " "), strings.Join(m.types, " "))
	}
	if fmt.Sprint(notes) != fmt.Sprint(m.notes) {
		t.Fatalf("there are the reasons %v, not %v", notes, m.notes)
	}
}
