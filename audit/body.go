package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrUnknownType says that this release has no Go type for a record's body. The
// record is whole and verified all the same; Body holds what it says.
var ErrUnknownType = errors.New("record of a type or version that this release does not know")

// maxDepth bounds the nesting of a body, the object itself counted.
const maxDepth = 8

// MarshalBody writes v, a struct or a map, as a body: RFC 8785 with integers alone.
// It gives nil for what has no member that is not zero, and wraps ErrRecord for
// what has no such form: fractions, nulls, integers beyond ±(2^53-1), names outside
// [A-Za-z][A-Za-z0-9_.-]*, nesting over 8. docs/formats/audit.md §2.
func MarshalBody(v any) (json.RawMessage, error) {
	raw, err := jsonv2.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrRecord, err)
	}
	body := jsontext.Value(raw)
	if err := body.Canonicalize(); err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrRecord, err)
	}
	if string(body) == "{}" {
		return nil, nil
	}
	if err := checkTokens(body); err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrRecord, err)
	}
	return json.RawMessage(body), nil
}

// checkBody holds foreign bytes to the one form that MarshalBody writes.
func checkBody(body []byte) error {
	if err := checkTokens(body); err != nil {
		return err
	}
	canonical := jsontext.Value(bytes.Clone(body))
	if err := canonical.Canonicalize(); err != nil {
		return errors.New(plainly(err))
	}
	if !bytes.Equal(canonical, body) || string(body) == "{}" {
		return errors.New("not in its canonical form")
	}
	return nil
}

// checkTokens refuses what is no object, and what RFC 8785 lets pass and readers
// read differently.
func checkTokens(body []byte) error {
	if !bytes.HasPrefix(body, []byte("{")) {
		return errors.New("not an object")
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) && d.StackDepth() == 0 {
			return nil
		}
		if err != nil {
			return errors.New(plainly(err))
		}
		if d.StackDepth() > maxDepth {
			return fmt.Errorf("nested over %d deep", maxDepth)
		}
		kind, n := d.StackIndex(d.StackDepth())
		switch {
		case t.Kind() == 'n':
			return errors.New("a null: what is absent is left out")
		case t.Kind() == '0' && !isInteger(t.String()):
			return fmt.Errorf("%.40s is no integer within ±(2^53-1)", t.String())
		case t.Kind() == '"' && kind == '{' && n%2 == 1 && !isName(t.String()):
			return fmt.Errorf("member %.80q", t.String())
		}
	}
}

func isInteger(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n >= -maxInteger && n <= maxInteger
}

// isName: [A-Za-z][A-Za-z0-9_.-]*, at most 64 bytes. Of such names UTF-16's order, by
// which RFC 8785 sorts, is that of bytes.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return s != "" && len(s) <= maxWord && only(s[:1], letters) && only(s, letters+"0123456789_.-")
}

// body is what Decode gives: a pointer to the Go type of a (type, v).
type body interface{ valid() error }

// Decode gives the body as a pointer to its Go type, such as *Genesis for type
// "genesis" of version 1; Call is a map. It wraps ErrUnknownType where this release
// knows no such type or version, and ErrRecord where the body is not that type's.
// docs/formats/audit.md §3.
func (r *Record) Decode() (any, error) {
	known, ok := types[kind{r.Type, r.V}]
	if !ok {
		return nil, fmt.Errorf("%w: %s.v%d", ErrUnknownType, r.Type, r.V)
	}
	b, err := decode(known(), r.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: body of %s.v%d: %w", ErrRecord, r.Type, r.V, err)
	}
	return b, nil
}

// ParseFacts reads a line, for a fold: the record and its body, as ParseLine and Decode give them. body is nil for a type or
// version that this release does not know, which folds pass over.
func ParseFacts(line []byte) (rec *Record, body any, err error) {
	if rec, err = ParseLine(line); err != nil {
		return nil, nil, err
	}
	body, err = rec.Decode()
	if errors.Is(err, ErrUnknownType) {
		return rec, nil, nil
	}
	return rec, body, err
}

func decode(b body, raw []byte) (body, error) {
	if raw != nil {
		if err := jsonv2.Unmarshal(raw, b, jsonv2.RejectUnknownMembers(true)); err != nil {
			return nil, errors.New(plainly(err))
		}
	}
	if err := b.valid(); err != nil {
		return nil, err
	}
	// A zero that is written out would be a second spelling of the same facts.
	again, err := MarshalBody(b)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, raw) {
		return nil, errors.New("not in its canonical form")
	}
	return b, nil
}
