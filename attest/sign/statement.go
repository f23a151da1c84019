package sign

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"stellad/attest"
	"stellad/attest/strictjson"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"
)

// Predicate is what a statement says of its subjects.
type Predicate struct {
	Type string // a URI of at most 512 bytes
	JSON []byte // one JSON object of at most 2 MiB, 100,000 tokens and a depth of 64
}

// Statement is an in-toto Statement v1. It is immutable.
type Statement struct {
	text          []byte
	predicateType string
	predicate     []byte
	subjects      []attest.Subject
}

// NewStatement makes a statement of 1 to 1024 subjects, in the order given. Each
// has a SHA-256 and may have a SHA-384 and a SHA-512, in lower-case hex, and may
// have a name of at most 1024 bytes; none stands there twice. The same arguments
// give the same bytes; of the predicate's JSON only the blanks between tokens are
// changed. Errors wrap ErrStatement. in-toto attestation, Statement v1.
func NewStatement(subjects []attest.Subject, p Predicate) (*Statement, error) {
	s, err := newStatement(subjects, p)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return s, nil
}

func newStatement(subjects []attest.Subject, p Predicate) (*Statement, error) {
	if err := checkSubjects(subjects); err != nil {
		return nil, err
	}
	if err := checkType(p.Type); err != nil {
		return nil, err
	}
	predicate, err := compact(p.JSON)
	if err != nil {
		return nil, fmt.Errorf("predicate: %w", err)
	}
	list, err := json.Marshal(subjects, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	name, err := json.Marshal(p.Type)
	if err != nil {
		return nil, err
	}
	// Put together by hand, so that the predicate's own spelling of numbers and
	// strings is what is signed.
	text := fmt.Appendf(nil, `{"_type":"%s","subject":%s,"predicateType":%s,"predicate":%s}`, statementType, list, name, predicate)
	return &Statement{text: text, predicateType: p.Type, predicate: predicate, subjects: slices.Clone(subjects)}, nil
}

// Bytes gives the statement's JSON, which the caller must not change.
func (s *Statement) Bytes() []byte { return s.text }

// Subjects gives the statement's subjects, which the caller must not change.
func (s *Statement) Subjects() []attest.Subject { return s.subjects }

// Predicate gives what the statement says of them, which the caller must not change.
func (s *Statement) Predicate() Predicate { return Predicate{s.predicateType, s.predicate} }

// digestSizes are the digests that a subject may have, in bytes.
var digestSizes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

func checkSubjects(subjects []attest.Subject) error {
	if len(subjects) == 0 || len(subjects) > maxSubjects {
		return fmt.Errorf("%d subjects; from 1 to %d are signed", len(subjects), maxSubjects)
	}
	seen := map[string]bool{}
	for i, s := range subjects {
		if err := checkSubject(s); err != nil {
			return fmt.Errorf("subject[%d]: %w", i, err)
		}
		if seen[s.String()] {
			return fmt.Errorf("subject[%d]: %s stands there twice", i, s)
		}
		seen[s.String()] = true
	}
	return nil
}

func checkSubject(s attest.Subject) error {
	if err := checkText("name", s.Name, maxName); err != nil {
		return err
	}
	if s.Digest["sha256"] == "" {
		return fmt.Errorf("it has no sha256 digest")
	}
	for algorithm, text := range s.Digest {
		size, known := digestSizes[algorithm]
		if !known {
			return fmt.Errorf("digest by %.40q; sha256, sha384 and sha512 are known", algorithm)
		}
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != size || hex.EncodeToString(raw) != text {
			return fmt.Errorf("%s is not %d digits of lower-case hex", algorithm, 2*size)
		}
	}
	return nil
}

// checkText refuses text that a reader could take for something else.
func checkText(what, text string, most int) error {
	switch {
	case len(text) > most:
		return fmt.Errorf("%s of %d bytes, more than %d", what, len(text), most)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not UTF-8", what)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }):
		return fmt.Errorf("%s holds a control character", what)
	}
	return nil
}

func checkType(text string) error {
	if err := checkText("predicate type", text, maxType); err != nil {
		return err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque == "" && u.Host == "" || strings.ContainsAny(text, " <>\"") {
		return fmt.Errorf("predicate type %.80q is not a URI", text)
	}
	return nil
}

// compact reads one JSON object and drops the blanks between its tokens.
func compact(text []byte) ([]byte, error) {
	if len(text) > maxPredicate {
		return nil, fmt.Errorf("%d bytes, more than %d", len(text), maxPredicate)
	}
	value, err := strictjson.One(text, maxTokens)
	if err != nil {
		return nil, err
	}
	if value[0] != '{' {
		return nil, fmt.Errorf("a JSON object is expected")
	}
	v := jsontext.Value(bytes.Clone(value))
	if err := v.Compact(jsontext.PreserveRawStrings(true)); err != nil {
		return nil, err
	}
	return v, nil
}
