// Package strictjson reads JSON that two readers can't read two ways: no
// duplicate names, no text that is not UTF-8, nothing after the end.
//
// The readers that come after it (encoding/json, protojson) let some of that
// pass, and a document that says two things is signed as both.
package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is one JSON value of a text.
type Value struct {
	Text []byte
	Line int // where it starts, from 1
}

// Values cuts a text into its JSON values, at most limit. An error is one line
// that names the line in the text.
func Values(text []byte, limit int) ([]Value, error) {
	if reason := notJSON(text); reason != "" {
		return nil, errors.New(reason)
	}
	var values []Value
	d := jsontext.NewDecoder(bytes.NewReader(text))
	line, counted := 1, 0
	for {
		v, err := d.ReadValue()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, plainly(text, err)
		}
		if len(values) == limit {
			return nil, fmt.Errorf("more than %d documents; split the file", limit)
		}
		start := int(d.InputOffset()) - len(v)
		line += bytes.Count(text[counted:start], []byte("\n"))
		counted = start
		values = append(values, Value{Text: text[start:d.InputOffset()], Line: line})
	}
	if len(values) == 0 {
		return nil, errors.New("it is empty")
	}
	return values, nil
}

// One gives the one JSON value that a text is.
func One(text []byte) ([]byte, error) {
	values, err := Values(text, 2)
	switch {
	case err != nil:
		return nil, err
	case len(values) > 1:
		return nil, fmt.Errorf("line %d: a second JSON value", values[1].Line)
	}
	return values[0].Text, nil
}

// Names gives the names of an object's members, in order.
func Names(object []byte) ([]string, error) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if d.PeekKind() != '{' {
		return nil, errors.New("a JSON object is expected")
	}
	var names []string
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		names = append(names, name.String())
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// notJSON names files that are mistaken for JSON, and what to do with them.
func notJSON(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte{0x1f, 0x8b}):
		return "it is a gzip archive; unpack it and name the file inside"
	case len(text) > 262 && bytes.HasPrefix(text[257:], []byte("ustar")):
		return "it is a tar archive; unpack it and name the file inside"
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		return "it is PEM; a JSON file is wanted"
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")), bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "it starts with a byte order mark; save it as plain UTF-8"
	}
	return ""
}

// plainly gives a syntax error's line and what is wrong there.
func plainly(text []byte, err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("its JSON is cut short")
		}
		return err
	}
	at := min(int(syntax.ByteOffset), len(text))
	reason := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "its JSON is cut short"
	}
	return fmt.Errorf("line %d: %s", 1+bytes.Count(text[:at], []byte("\n")), reason)
}
