package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrRecord says that bytes are not a record's line, or that a record can't be
// written as one.
var ErrRecord = errors.New("not an audit record")

// MaxLine is the most bytes that a record's or an annotation's line may have,
// without its LF.
const MaxLine = 4096

// timeLayout is RFC 3339 in UTC with exactly six digits of fraction.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Record is one line of the audit log. Its JSON members stand in the order of the
// fields; those that are zero are left out, but for type, v, seq, time, boot and up.
// docs/formats/audit.md §1.
type Record struct {
	Type    string          // "genesis", "call", …: [a-z][a-z0-9.-]*, at most 64 bytes
	V       int             // the version of the type, from 1 to 999
	Seq     uint64          // the record's place, from 0 and without gaps, below 2^53
	Time    time.Time       // UTC, whole microseconds, from 1970 to 9999
	Boot    string          // the boot ID: a UUID in lower case
	Up      int64           // CLOCK_BOOTTIME in nanoseconds, not negative
	Actor   *Actor          // who acted, by the kernel's word; nil is the daemon itself
	Socket  string          // where the actor called: "admin", "verify", or ""
	Method  string          // of the API, such as "stella.v1.Admin/TrustReload": a token
	Target  string          // what it was done to: an ID or a digest, a token and never free text
	Outcome string          // "ok", "denied", "failed", …: as Type, or ""
	Request string          // the request ID: a token
	Note    string          // the annotation's salted SHA-256 in lower-case hex; "" where there is none
	Body    json.RawMessage // the type's own facts: a canonical JSON object that is not empty; nil where there is none
}

// Actor is a peer of a socket, as the kernel names it.
type Actor struct{ UID, GID uint32 }

// Line gives the record's bytes, without an LF: the leaf. At most MaxLine bytes. A
// record that ParseLine would not give back wraps ErrRecord: so does a Time finer
// than a microsecond, or a Body that is not its type's (see Decode). docs/formats/audit.md §1.
func (r *Record) Line() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if _, err := r.Decode(); errors.Is(err, ErrUnknownType) {
		if err := checkBody(r.Body); r.Body != nil && err != nil {
			return nil, fmt.Errorf("%w: body: %w", ErrRecord, err)
		}
	} else if err != nil {
		return nil, err
	}
	line := r.append(make([]byte, 0, 512))
	if len(line) > MaxLine {
		return nil, fmt.Errorf("%w: %d bytes, over %d", ErrRecord, len(line), MaxLine)
	}
	return line, nil
}

// append writes the line of a record that was checked: no string in the envelope
// holds a character that JSON escapes.
func (r *Record) append(line []byte) []byte {
	line = append(line, `{"type":"`...)
	line = append(line, r.Type...)
	line = append(line, `","v":`...)
	line = strconv.AppendInt(line, int64(r.V), 10)
	line = append(line, `,"seq":`...)
	line = strconv.AppendUint(line, r.Seq, 10)
	line = append(line, `,"time":"`...)
	line = r.Time.UTC().AppendFormat(line, timeLayout)
	line = append(line, `","boot":"`...)
	line = append(line, r.Boot...)
	line = append(line, `","up":`...)
	line = strconv.AppendInt(line, r.Up, 10)
	if r.Actor != nil {
		line = fmt.Appendf(line, `,"actor":{"uid":%d,"gid":%d}`, r.Actor.UID, r.Actor.GID)
	}
	for _, t := range r.tokens() {
		if t.value != "" {
			line = append(line, `,"`+t.name+`":"`...)
			line = append(line, t.value...)
			line = append(line, '"')
		}
	}
	if r.Body != nil {
		line = append(line, `,"body":`...)
		line = append(line, r.Body...)
	}
	return append(line, '}')
}

// written is a line as JSON has it, before any of it is checked.
type written struct {
	Type  string `json:"type"`
	V     int    `json:"v"`
	Seq   uint64 `json:"seq"`
	Time  string `json:"time"`
	Boot  string `json:"boot"`
	Up    int64  `json:"up"`
	Actor *struct {
		UID uint32 `json:"uid"`
		GID uint32 `json:"gid"`
	} `json:"actor"`
	Socket  string         `json:"socket"`
	Method  string         `json:"method"`
	Target  string         `json:"target"`
	Outcome string         `json:"outcome"`
	Request string         `json:"request"`
	Note    string         `json:"note"`
	Body    jsontext.Value `json:"body"`
}

// ParseLine reads what Line writes, and nothing else: a line with an LF, with
// blanks, with members in another order, unknown or twice, wraps ErrRecord. A type
// that is not known is read all the same (see Decode). The record shares no memory
// with line. docs/formats/audit.md §1.
func ParseLine(line []byte) (*Record, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("%w: over %d bytes", ErrRecord, MaxLine)
	}
	var w written
	if err := jsonv2.Unmarshal(line, &w); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRecord, plainly(err))
	}
	at, err := time.Parse(timeLayout, w.Time)
	if err != nil {
		return nil, fmt.Errorf("%w: time %.40q", ErrRecord, w.Time)
	}
	r := &Record{
		Type: w.Type, V: w.V, Seq: w.Seq, Time: at, Boot: w.Boot, Up: w.Up, Socket: w.Socket, Method: w.Method,
		Target: w.Target, Outcome: w.Outcome, Request: w.Request, Note: w.Note, Body: json.RawMessage(w.Body),
	}
	if w.Actor != nil {
		r.Actor = &Actor{w.Actor.UID, w.Actor.GID}
	}
	// Parts are read generously and the whole is held against its one form.
	again, err := r.Line()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, line) {
		return nil, fmt.Errorf("%w: not in its canonical form", ErrRecord)
	}
	return r, nil
}
