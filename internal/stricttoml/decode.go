// Package stricttoml reads TOML that people write by hand and that decides something: each key is one that the reader
// knows, spelled as the reader spells it, and each fault has its line.
//
// The decoder beneath takes keys in any case, so that [Deny] beside [deny] would silently replace it. Here that is an
// unknown key.
package stricttoml

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Error is a fault of a document, at a line that counts from 1.
type Error struct {
	Line int
	Text string // one line
}

// Error reads `line N: unknown key "a.b"`.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Decode reads the text into what into points to: a struct whose fields have toml tags, none embedded. A key without
// its field is refused. Every error is an *Error; into may then be filled in part.
func Decode(text []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(into)
	var strict *toml.StrictMissingError
	var at *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		row, _ := strict.Errors[0].Position()
		return unknown(row, strict.Errors[0].Key())
	case errors.As(err, &at):
		row, _ := at.Position() // 1 for a list that stands where none may: then its key's
		return &Error{max(row, LinesOf(text).Of(at.Key()...)), plainly(at)}
	case err != nil:
		return &Error{1, oneLine(err.Error())}
	}
	return spelled(text, reflect.TypeOf(into))
}

// spelled refuses the first key that is a field's only if case is passed over.
func spelled(text []byte, t reflect.Type) error {
	var first error
	walk(text, func(path []string, line int) {
		if first == nil && !known(t, path) {
			first = unknown(line, path)
		}
	})
	return first
}

func known(t reflect.Type, path []string) bool {
	for _, part := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Struct:
			field, ok := fieldOf(t, part)
			if !ok {
				return false
			}
			t = field.Type
		case reflect.Map, reflect.Slice, reflect.Array:
			t = t.Elem()
		default: // it takes whatever is in it
			return true
		}
	}
	return true
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("toml"), ","); name == key {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

func unknown(line int, path []string) *Error {
	return &Error{line, fmt.Sprintf("unknown key %q", strings.Join(path, "."))}
}

// mismatch is how the decoder tells of a value of the wrong type: with the names of Go's structs.
var mismatch = regexp.MustCompile(`^cannot decode TOML (.+?) into `)

func plainly(err *toml.DecodeError) string {
	text := strings.TrimPrefix(err.Error(), "toml: ")
	if m := mismatch.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%q: a TOML %s cannot stand here", strings.Join(err.Key(), "."), m[1])
	}
	return oneLine(text)
}

// oneLine keeps the document's own line breaks and control characters out of a message.
func oneLine(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}
