package jsondoc

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stellad/sbom/fault"
)

// Schema is the schema of a document that is an object, taken apart: the arrays
// that its root names are checked element by element, the rest as one value.
type Schema struct {
	Name    string // as its maker gave it
	root    *jsonschema.Schema
	members map[string]bool   // that the root names
	arrays  map[string]*array // those of them that are arrays
}

type array struct {
	items  *jsonschema.Schema
	unique bool
}

// Compile reads the schema in the file main of folder. A schema that it refers
// to is the file of folder that its URL ends in. Nothing is looked for elsewhere.
func Compile(name string, folder fs.FS, main string) (*Schema, error) {
	root, err := newCompiler(folder).Compile("http://schemas.invalid/" + main)
	if err != nil {
		return nil, err
	}
	return takeApart(name, root)
}

func newCompiler(folder fs.FS) *jsonschema.Compiler {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(loader{folder})
	return compiler
}

// loader reads schemas from files.
type loader struct{ folder fs.FS }

// Load is called by the library, with a URL.
func (l loader) Load(url string) (any, error) {
	text, err := fs.ReadFile(l.folder, path.Base(url))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// takeApart refuses a root that says of its arrays what elements alone can't
// show; the walk would pass over it.
func takeApart(name string, root *jsonschema.Schema) (*Schema, error) {
	if root.Ref != nil || root.Not != nil || root.AllOf != nil || root.AnyOf != nil || root.OneOf != nil || root.If != nil ||
		root.PatternProperties != nil || root.PropertyNames != nil || root.AdditionalProperties != false {
		return nil, fmt.Errorf("schema %s: its root is not one that can be read as a stream", name)
	}
	s := &Schema{Name: name, root: root, members: map[string]bool{}, arrays: map[string]*array{}}
	for member, schema := range root.Properties {
		s.members[member] = true
		items, ok := schema.Items.(*jsonschema.Schema)
		if !ok || schema.Types == nil || schema.Types.String() != "[array]" {
			continue
		}
		if schema.MinItems != nil || schema.MaxItems != nil || schema.Contains != nil {
			return nil, fmt.Errorf("schema %s: %s counts its elements", name, member)
		}
		s.arrays[member] = &array{items: items, unique: schema.UniqueItems}
	}
	return s, nil
}

// check gives what is wrong with a value, and where in it; nil if nothing is.
func check(schema *jsonschema.Schema, value any) *fault.Error {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	invalid, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // the library's own, never wrapped
	if !ok {
		return fault.At(0, "", "%s", err)
	}
	leaf := deepest(invalid)
	return fault.At(0, pointer(leaf.InstanceLocation), "%s", reason(leaf))
}
