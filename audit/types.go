package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stellad/tlog"
)

// kind is a type of record and its version.
type kind struct {
	Type string
	V    int
}

// types has every (type, version) that was ever released. Rows are added; none is
// changed or taken away. Each has a golden record in testdata/golden.
var types = map[kind]func() body{
	{"genesis", 1}:  func() body { return new(Genesis) },
	{"start", 1}:    func() body { return new(Start) },
	{"stop", 1}:     func() body { return new(Stop) },
	{"call", 1}:     func() body { return new(Call) },
	{"denial", 1}:   func() body { return new(Denial) },
	{"tally", 1}:    func() body { return new(Tally) },
	{"policy", 1}:   func() body { return new(Policy) },
	{"trust", 1}:    func() body { return new(Trust) },
	{"time", 1}:     func() body { return new(Time) },
	{"erase", 1}:    func() body { return new(Erase) },
	{"readonly", 1}: func() body { return new(ReadOnly) },
	{"view", 1}:     func() body { return new(View) },

	{"intent", 1}:      func() body { return new(Intent) },
	{"abandoned", 1}:   func() body { return new(Abandoned) },
	{"key", 1}:         func() body { return new(Key) },
	{"rotation", 1}:    func() body { return new(Rotation) },
	{"compromised", 1}: func() body { return new(Compromised) },
	{"destroyed", 1}:   func() body { return new(Destroyed) },
	{"signed", 1}:      func() body { return new(Signed) },
	{"stamp", 1}:       func() body { return new(Stamp) },

	{"evidence", 1}: func() body { return new(Evidence) },

	{"bundle", 1}:     func() body { return new(Bundle) },
	{"activation", 1}: func() body { return new(Activation) },
	{"decision", 1}:   func() body { return new(Decision) },
}

// Instant is a time within a body, written as Record.Time is: UTC with six digits of
// fraction.
type Instant time.Time

// MarshalText gives what UnmarshalText reads.
func (i Instant) MarshalText() ([]byte, error) {
	if !isTime(time.Time(i)) {
		return nil, errors.New("a time that is not whole microseconds between 1970 and 9999")
	}
	return time.Time(i).UTC().AppendFormat(nil, timeLayout), nil
}

// UnmarshalText reads RFC 3339 in UTC with six digits of fraction.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(timeLayout, string(text))
	*i = Instant(t)
	return err
}

// Genesis is the first record: whose log this is.
type Genesis struct {
	Key    string `json:"key"`    // the audit log's verifier key, a C2SP vkey
	Name   string `json:"name"`   // the appliance's, a bare host name
	Origin string `json:"origin"` // of the audit log's checkpoints; also the key's name
}

func (g *Genesis) valid() error {
	if !isToken(g.Name) || g.Name == "" || !isToken(g.Origin) || g.Origin == "" {
		return fmt.Errorf("name %.80q, origin %.80q", g.Name, g.Origin)
	}
	key, err := tlog.ParseVerifierKey(g.Key)
	if err != nil {
		return err
	}
	if key.Name() != g.Origin {
		return fmt.Errorf("the key is %q's, not the origin's", key.Name())
	}
	return nil
}

// Start says that the daemon runs, and what it had to mend for it.
type Start struct {
	Recovered *Recovered `json:"recovered,omitzero"` // nil after an orderly stop
	Version   string     `json:"version"`            // of the release, a token
}

// Recovered is what the start found and mended.
type Recovered struct {
	Cut   uint64   `json:"cut,omitzero"`   // bytes after the last whole record, never acknowledged, that were cut off
	Views []string `json:"views,omitzero"` // views that were rebuilt from the log, by name, ascending
}

func (s *Start) valid() error {
	if !isToken(s.Version) || s.Version == "" {
		return fmt.Errorf("version %.80q", s.Version)
	}
	if s.Recovered == nil {
		return nil
	}
	if s.Recovered.Cut == 0 && len(s.Recovered.Views) == 0 {
		return errors.New("recovered, but nothing")
	}
	return words(s.Recovered.Views)
}

// Stop says that the daemon stopped in order; it has no body. A start without one
// before it followed a crash.
type Stop struct{}

func (*Stop) valid() error { return nil }

// Call is an act that changed state. What, to what, and how it ended stand in the
// envelope; here are the facts that replaying needs, if any, by the method's names.
type Call map[string]json.RawMessage

func (*Call) valid() error { return nil }

// Denial is a call that was refused for want of a permission. The reason in words is
// in the annotation.
type Denial struct {
	Permission string `json:"permission"` // which would have been needed, a token
}

func (d *Denial) valid() error {
	if !isToken(d.Permission) || d.Permission == "" {
		return fmt.Errorf("permission %.80q", d.Permission)
	}
	return nil
}

// Tally counts a minute's calls that are not logged singly. One minute may take
// several records, so that each keeps to MaxLine.
type Tally struct {
	From Instant `json:"from"`          // the minute's start, UTC
	More []Count `json:"more,omitzero"` // denials above the cap on single records: "and N more"
	Rows []Count `json:"rows,omitzero"` // what was answered
}

// Count is one row of a Tally.
type Count struct {
	Count   uint64 `json:"count"` // of calls, from 1
	Method  string `json:"method"`
	UID     uint32 `json:"uid"`
	Verdict string `json:"verdict,omitzero"` // a word such as "verified"; "" under More
}

func (t *Tally) valid() error {
	if !isTime(time.Time(t.From)) || len(t.Rows)+len(t.More) == 0 {
		return errors.New("no minute, or no counts")
	}
	for i, c := range slices.Concat(t.Rows, t.More) {
		if c.Count == 0 || c.Method == "" || !isToken(c.Method) {
			return fmt.Errorf("count %+v", c)
		}
		if row := i < len(t.Rows); row != isWord(c.Verdict) || !row && c.Verdict != "" {
			return fmt.Errorf("verdict %.80q", c.Verdict)
		}
	}
	return nil
}

// Policy names the access policy in force from here on.
type Policy struct {
	SHA256  string `json:"sha256"`  // of its file, lower-case hex
	Version uint64 `json:"version"` // the policy's own, which only rises
}

func (p *Policy) valid() error { return digest(p.SHA256) }

// Trust names the trust root in force from here on.
type Trust struct {
	SHA256 string `json:"sha256"` // lower-case hex
}

func (t *Trust) valid() error { return digest(t.SHA256) }

// Time is a jump of the clock that an administrator accepted: later times may start
// below earlier ones.
type Time struct {
	From Instant `json:"from"` // the latest time in the log before it, UTC
	To   Instant `json:"to"`   // the clock's time then, within ClockTolerance of the record's
}

func (t *Time) valid() error {
	if !isTime(time.Time(t.From)) || !isTime(time.Time(t.To)) {
		return errors.New("not whole microseconds between 1970 and 9999")
	}
	return nil
}

// Erase says that the annotations of earlier records are erased: their text is
// gone, their salted hashes stay in the tree.
type Erase struct {
	Seqs []uint64 `json:"seqs"` // ascending, each below the record's own
}

func (e *Erase) valid() error {
	for i, seq := range e.Seqs {
		if seq > maxInteger || i > 0 && seq <= e.Seqs[i-1] {
			return errors.New("the seqs do not ascend")
		}
	}
	if len(e.Seqs) == 0 {
		return errors.New("no seqs")
	}
	return nil
}

// ReadOnly says that the daemon stopped, or started again, to take changes.
type ReadOnly struct {
	Cause string `json:"cause"` // a code, such as "disk.full" or "clock.back"
	State string `json:"state"` // "entered" or "left"
}

func (r *ReadOnly) valid() error {
	if !isWord(r.Cause) || r.State != "entered" && r.State != "left" {
		return fmt.Errorf("cause %.80q, state %.20q", r.Cause, r.State)
	}
	return nil
}

// View says that a view was rebuilt from the log while the daemon ran.
type View struct {
	Name string `json:"name"` // a word
	Seq  uint64 `json:"seq"`  // the first record that it does not hold yet
}

func (v *View) valid() error { return words([]string{v.Name}) }

func digest(s string) error {
	if !isDigest(s) {
		return fmt.Errorf("sha256 %.80q", s)
	}
	return nil
}

// words wants ascending words.
func words(names []string) error {
	for i, name := range names {
		if !isWord(name) || i > 0 && name <= names[i-1] {
			return fmt.Errorf("name %.80q", name)
		}
	}
	return nil
}
