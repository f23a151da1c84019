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

// Limits bound what a text can ask of its readers. A decoded value takes many
// times the bytes of its text, so it is the tokens that are counted.
type Limits struct {
	Values int // in the text
	Tokens int // in each value: a name, a string, a number, a bracket
}

const maxDepth = 64

// Values cuts a text into its JSON values. An error is one line that names the
// line in the text.
func Values(text []byte, limits Limits) ([]Value, error) {
	if reason := notJSON(text); reason != "" {
		return nil, errors.New(reason)
	}
	var values []Value
	d := jsontext.NewDecoder(bytes.NewReader(text))
	line, counted := 1, 0
	for d.PeekKind() != 0 {
		if len(values) == limits.Values {
			return nil, fmt.Errorf("more than %d JSON values; split the file", limits.Values)
		}
		start := afterBlanks(text, int(d.InputOffset()))
		line += bytes.Count(text[counted:start], []byte("\n"))
		counted = start
		if err := readValue(d, limits.Tokens); err != nil {
			return nil, plainly(text, err)
		}
		values = append(values, Value{Text: text[start:d.InputOffset()], Line: line})
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, plainly(text, err)
	}
	if len(values) == 0 {
		return nil, errors.New("it is empty")
	}
	return values, nil
}

func readValue(d *jsontext.Decoder, tokens int) error {
	for n := 0; n == 0 || d.StackDepth() > 0; n++ {
		if n == tokens {
			return fmt.Errorf("a JSON value of more than %d tokens", tokens)
		}
		if d.StackDepth() > maxDepth {
			return fmt.Errorf("JSON to a depth of more than %d", maxDepth)
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
	}
	return nil
}

func afterBlanks(text []byte, at int) int {
	return at + len(text[at:]) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
}

// One gives the one JSON value, of at most so many tokens, that a text is.
func One(text []byte, tokens int) ([]byte, error) {
	values, err := Values(text, Limits{Values: 2, Tokens: tokens})
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
