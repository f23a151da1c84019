package jsondoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"stellad/sbom/fault"
)

// Caps of what a document may ask of its reader. The memory that reading takes
// is that of one element, and 16 bytes of each that must differ from others.
const (
	MaxValue  = 16 << 20 // bytes of an element, or of a member of the root that is no array
	MaxTokens = 500_000  // tokens of it
	maxDepth  = 128      // of the document
	slack     = 64 << 10 // what the decoder may have read ahead
)

// Visitor is told what stands in a document, in the document's order. A
// *fault.Error that it returns speaks against the document as a schema's does;
// any other ends the walk and is given as it is.
type Visitor interface {
	// Wants says of a name that no schema knows whether its value is to be told.
	Wants(name string) bool
	// Member is told a member of the root that is read whole; nil where it is not
	// wanted. It may narrow the schemas (Walk.Keep).
	Member(w *Walk, name string, value any) error
	// Element is told an element of an array of the root, and at which line it
	// starts. It is not yet known to be valid: a schema may still be awaited.
	Element(array string, index, line int, value any) error
}

// Walk is a document under way.
type Walk struct {
	src     *source
	d       *jsontext.Decoder
	open    []*candidate
	rest    map[string]any // the root, with its arrays empty
	lines   map[string]int // at which its members end
	visitor Visitor
}

// candidate is a schema that the document may be of, and the first thing that
// speaks against it.
type candidate struct {
	*Schema
	err error
}

// Read walks the document in r, which must be of one of the schemas. Until
// Keep has left one, all are tried: JSON lets a document say last what it is.
// An error is a *fault.Error, one of the visitor or one of r.
func Read(r io.Reader, schemas []*Schema, visitor Visitor) error {
	src := &source{r: r, limit: MaxValue}
	w := &Walk{src: src, d: jsontext.NewDecoder(src), rest: map[string]any{}, lines: map[string]int{}, visitor: visitor}
	for _, schema := range schemas {
		w.open = append(w.open, &candidate{Schema: schema})
	}
	err := w.document()
	if src.err != nil {
		return src.err
	}
	return err
}

// Keep leaves the schemas that good says yes to.
func (w *Walk) Keep(good func(name string) bool) {
	var kept []*candidate
	for _, c := range w.open {
		if good(c.Name) {
			kept = append(kept, c)
		}
	}
	w.open = kept
}

// Line is the one that has been read up to, from 1.
func (w *Walk) Line() int {
	return 1 + w.src.lines - bytes.Count(w.d.UnreadBuffer(), []byte("\n"))
}

func (w *Walk) document() error {
	if kind := w.d.PeekKind(); kind != '{' {
		return w.plainly(w.wrongStart())
	}
	if _, err := w.d.ReadToken(); err != nil {
		return w.plainly(err)
	}
	var names names
	for w.d.PeekKind() != '}' {
		w.budget()
		token, err := w.d.ReadToken()
		if err != nil {
			return w.plainly(err)
		}
		name := token.String()
		if err := names.add(name); err != nil {
			return w.plainly(err)
		}
		if err := w.member(name); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *Walk) wrongStart() error {
	if _, err := w.d.ReadToken(); err != nil {
		return err
	}
	return errors.New("a JSON object is expected")
}

func (w *Walk) end() error {
	if _, err := w.d.ReadToken(); err != nil {
		return w.plainly(err)
	}
	w.budget()
	if _, err := w.d.ReadToken(); !errors.Is(err, io.EOF) {
		if err != nil {
			return w.plainly(err)
		}
		return w.plainly(errors.New("there is more after the document's end"))
	}
	for _, c := range w.open {
		c.note(w.checkRest(c))
	}
	return w.settled()
}

func (w *Walk) checkRest(c *candidate) error {
	f := check(c.root, w.rest)
	if f == nil {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "/"), "/")
	f.Line = w.lines[name]
	return f
}

// weigh takes what the visitor says: a fault waits until it is known which
// schema is the document's.
func (w *Walk) weigh(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	for _, c := range w.open {
		c.note(f)
	}
	return w.settled()
}

// settled gives what speaks against the schema, once there is but one.
func (w *Walk) settled() error {
	if len(w.open) != 1 {
		return nil
	}
	return w.open[0].err
}

func (c *candidate) note(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (w *Walk) budget() { w.src.limit = w.d.InputOffset() + MaxValue + slack }

// plainly says in a line what the decoder holds against the text.
func (w *Walk) plainly(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case w.src.err != nil:
		return w.src.err
	case errors.Is(err, errTooLarge):
		return fault.At(w.Line(), string(w.d.StackPointer()), "a value of more than %d MiB", MaxValue>>20)
	case errors.Is(err, errTokens):
		return fault.At(w.Line(), string(w.d.StackPointer()), "a value of more than %d tokens", MaxTokens)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.At(w.Line(), string(w.d.StackPointer()), "the document is cut short")
	case errors.As(err, &syntax):
		return fault.At(w.Line(), string(syntax.JSONPointer), "%s", strings.TrimPrefix(syntax.Err.Error(), "jsontext: "))
	}
	return fault.At(w.Line(), string(w.d.StackPointer()), "%s", fmt.Sprint(err))
}
