package audit

import (
	"errors"
	"fmt"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxWord    = 64
	maxToken   = 256
	maxVersion = 999
	// maxInteger is the largest integer that every JSON reader reads exactly: 2^53-1.
	maxInteger = 1<<53 - 1
)

// token is a member of the envelope that is a string, and may be absent.
type token struct {
	name, value string
	valid       func(string) bool
}

func (r *Record) tokens() [6]token {
	return [...]token{
		{"socket", r.Socket, isSocket},
		{"method", r.Method, isToken},
		{"target", r.Target, isToken},
		{"outcome", r.Outcome, isWord},
		{"request", r.Request, isToken},
		{"note", r.Note, isDigest},
	}
}

// check holds the envelope to docs/formats/audit.md §1.
func (r *Record) check() error {
	switch {
	case !isWord(r.Type):
		return fmt.Errorf("type %.80q", r.Type)
	case r.V < 1 || r.V > maxVersion:
		return fmt.Errorf("v %d", r.V)
	case r.Seq > maxInteger:
		return fmt.Errorf("seq %d", r.Seq)
	case !isTime(r.Time):
		return fmt.Errorf("time %s is not whole microseconds between 1970 and 9999", r.Time.UTC().Format(time.RFC3339Nano))
	case !isUUID(r.Boot):
		return fmt.Errorf("boot %.80q", r.Boot)
	case r.Up < 0:
		return fmt.Errorf("up %d", r.Up)
	}
	for _, t := range r.tokens() {
		if t.value != "" && !t.valid(t.value) {
			return fmt.Errorf("%s %.80q", t.name, t.value)
		}
	}
	return nil
}

func isSocket(s string) bool { return s == "admin" || s == "verify" }

// isWord: [a-z][a-z0-9.-]*, at most 64 bytes.
func isWord(s string) bool {
	return s != "" && len(s) <= maxWord && s[0] >= 'a' && s[0] <= 'z' &&
		only(s, "abcdefghijklmnopqrstuvwxyz0123456789.-")
}

// isToken: letters, digits and ._:/@+=,~-, at most 256 bytes: room for digests, IDs
// and method names, none for a sentence.
func isToken(s string) bool {
	return len(s) <= maxToken &&
		only(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@+=,~-")
}

// isDigest: a SHA-256 in lower-case hex.
func isDigest(s string) bool { return len(s) == 64 && only(s, "0123456789abcdef") }

func isUUID(s string) bool {
	if len(s) != 36 || !only(s, "0123456789abcdef-") {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		}
	}
	return true
}

func isTime(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1970 && year <= 9999 && t.Nanosecond()%1000 == 0
}

func only(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}

// plainly says on one line what is wrong with foreign JSON.
func plainly(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("byte %d: %s", syntax.ByteOffset, strings.TrimPrefix(syntax.Err.Error(), "jsontext: "))
	}
	var semantic *jsonv2.SemanticError
	if errors.As(err, &semantic) {
		return fmt.Sprintf("byte %d: not a %v", semantic.ByteOffset, semantic.GoType)
	}
	return "not JSON"
}
