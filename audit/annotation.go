package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
)

// ErrAnnotation says that bytes are not an annotation's line, or that an annotation
// can't be written as one.
var ErrAnnotation = errors.New("not an annotation")

// Annotation holds what is said of a record in people's words and names. It stands
// beside the log and can be erased: the leaf holds its salted hash (Record.Note), so
// that the root stays as it was, and the salt keeps a short text from being guessed.
// docs/formats/audit.md §4.
type Annotation struct {
	Seq  uint64            // of the record; no part of the hash, so that it may be set last
	Salt [16]byte          // random, new for each annotation
	Text map[string]string // by names such as "reason"; not empty; any UTF-8
}

// Hash gives what Record.Note holds: SHA-256 of the line without its seq, in hex;
// "" for an annotation that Line refuses for its Text.
func (a Annotation) Hash() string {
	text, err := MarshalBody(a.Text)
	if err != nil || text == nil {
		return ""
	}
	sum := sha256.Sum256(append(append([]byte{'{'}, a.rest(text)...), '}'))
	return hex.EncodeToString(sum[:])
}

// Line gives {"seq":…,"salt":…,"text":{…}} without an LF, at most MaxLine bytes.
// Errors wrap ErrAnnotation: a Text that is empty, not UTF-8, or too long; names
// as in MarshalBody. docs/formats/audit.md §4.
func (a Annotation) Line() ([]byte, error) {
	text, err := MarshalBody(a.Text)
	if err != nil || text == nil || a.Seq > maxInteger {
		return nil, fmt.Errorf("%w: seq %d: its text is empty or not to be written as JSON", ErrAnnotation, a.Seq)
	}
	line := append([]byte(`{"seq":`+strconv.FormatUint(a.Seq, 10)+`,`), a.rest(text)...)
	if line = append(line, '}'); len(line) > MaxLine {
		return nil, fmt.Errorf("%w: seq %d: %d bytes, over %d", ErrAnnotation, a.Seq, len(line), MaxLine)
	}
	return line, nil
}

// rest gives the members after seq.
func (a Annotation) rest(text []byte) []byte {
	return fmt.Appendf(nil, `"salt":"%x","text":%s`, a.Salt, text)
}

// ParseAnnotation reads what Line writes, and nothing else. Errors wrap
// ErrAnnotation. docs/formats/audit.md §4.
func ParseAnnotation(line []byte) (*Annotation, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("%w: over %d bytes", ErrAnnotation, MaxLine)
	}
	var w struct {
		Seq  uint64          `json:"seq"`
		Salt string          `json:"salt"`
		Text json.RawMessage `json:"text"`
	}
	if err := jsonv2.Unmarshal(line, &w); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrAnnotation, plainly(err))
	}
	a := &Annotation{Seq: w.Seq}
	if n, err := hex.Decode(a.Salt[:], []byte(fmt.Sprintf("%.32s", w.Salt))); err != nil || n != len(a.Salt) {
		return nil, fmt.Errorf("%w: salt %.40q", ErrAnnotation, w.Salt)
	}
	if err := jsonv2.Unmarshal(w.Text, &a.Text); err != nil {
		return nil, fmt.Errorf("%w: text: %s", ErrAnnotation, plainly(err))
	}
	again, err := a.Line()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, line) {
		return nil, fmt.Errorf("%w: not in its canonical form", ErrAnnotation)
	}
	return a, nil
}
