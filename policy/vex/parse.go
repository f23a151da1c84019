package vex

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"stellad/sbom/fault"
	"stellad/sbom/jsondoc"
)

// Caps of what a document may ask of its readers. That of depth, and those of
// tokens, are jsondoc's.
const (
	MaxSize       = 8 << 20 // bytes of a document
	MaxStatements = 20_000  // in a document
	MaxProducts   = 50_000  // of all its statements, with their subcomponents
)

// The forms that are read, as Parse takes their names.
const (
	OpenVEX   = "openvex"
	CSAF      = "csaf"
	CycloneDX = "cyclonedx"
)

// Parse reads the document that text is, of the form that format names:
// "openvex" (0.2.0), "csaf" (2.0, category csaf_vex) or "cyclonedx" (1.4–1.6 in
// JSON). It gives at least one statement, in the document's order. An error
// wraps ErrVEX and says in a line where the document is wrong, and what.
func Parse(format string, text []byte) ([]Statement, error) {
	reader := map[string]func([]byte) ([]Statement, error){OpenVEX: readOpenVEX, CSAF: readCSAF, CycloneDX: readCycloneDX}[format]
	if reader == nil {
		return nil, fmt.Errorf("%w: format %s is none of openvex, csaf, cyclonedx", ErrVEX, fault.Quote(format))
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: %s: more than %d MiB", ErrVEX, format, MaxSize>>20)
	}
	list, err := reader(text)
	if err == nil {
		err = check(list)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrVEX, format, err)
	}
	identify(list, text)
	return list, nil
}

// check holds the statements to what all forms have in common.
func check(list []Statement) error {
	products := 0
	for i := range list {
		for _, p := range list[i].Products {
			products += 1 + len(p.Subcomponents)
		}
	}
	switch {
	case len(list) == 0:
		return errors.New("it has no statement")
	case len(list) > MaxStatements:
		return fmt.Errorf("more than %d statements", MaxStatements)
	case products > MaxProducts:
		return fmt.Errorf("its statements name more than %d products", MaxProducts)
	}
	return nil
}

func identify(list []Statement, text []byte) {
	sum := sha256.Sum256(text)
	for i := range list {
		list[i].Index = i
		list[i].ID = hex.EncodeToString(sum[:]) + "#" + strconv.Itoa(i)
	}
}

// decode reads strict JSON that is an object.
func decode(text []byte) (map[string]any, error) {
	value, err := jsondoc.Value(text)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("a JSON object is expected")
	}
	return object, nil
}

// at gives a member of an object; nil where there is none.
func at(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func textAt(value any, path ...string) string {
	text, _ := at(value, path...).(string)
	return text
}

func listAt(value any, path ...string) []any {
	list, _ := at(value, path...).([]any)
	return list
}

func textsAt(value any, path ...string) []string {
	var texts []string
	for _, one := range listAt(value, path...) {
		if text, ok := one.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// wrong says what is wrong at a JSON pointer.
func wrong(path, format string, args ...any) error { return fault.At(0, path, format, args...) }

// timeAt reads a time of RFC 3339; zero where there is none.
func timeAt(path string, value any, name string) (time.Time, error) {
	text := textAt(value, name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, wrong(path+"/"+name, "%s is no time of RFC 3339", fault.Quote(text))
	}
	return t.UTC(), nil
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
