package jsondoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"stellad/sbom/fault"
)

// Value reads a text that is one JSON value, of at most MaxValue bytes and
// MaxTokens tokens, as strictly as Read: what encoding/json makes of it, with
// numbers as json.Number. An error is a *fault.Error.
func Value(text []byte) (any, error) {
	if len(text) > MaxValue {
		return nil, fault.At(0, "", "a document of more than %d MiB", MaxValue>>20)
	}
	w := &Walk{src: &source{r: bytes.NewReader(text), limit: int64(len(text)) + slack}}
	w.d = jsontext.NewDecoder(w.src)
	value, err := w.read(true)
	if err != nil {
		return nil, w.plainly(err)
	}
	if _, err := w.d.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("there is more after the document's end")
		}
		return nil, w.plainly(err)
	}
	return value, nil
}

// Whole is a schema that a value is held against as it is, not as a stream.
type Whole struct{ schema *jsonschema.Schema }

// CompileWhole reads a schema as Compile does, of any form.
func CompileWhole(folder fs.FS, main string) (*Whole, error) {
	schema, err := newCompiler(folder).Compile("http://schemas.invalid/" + main)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", main, err)
	}
	return &Whole{schema}, nil
}

// Check holds what Value gave against the schema. An error is a *fault.Error
// without a line.
func (w *Whole) Check(value any) error {
	if f := check(w.schema, value); f != nil {
		return f
	}
	return nil
}
