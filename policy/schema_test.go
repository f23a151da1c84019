package policy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stellad/policy"
	"stellad/policy/pack/packtest"
)

var update = flag.Bool("update", false, "write the schema anew")

var schemaFile = filepath.Join("..", "docs", "formats", "policy-input.schema.json")

// schemaOf is the JSON Schema of a type's values: every member is there, and no other.
func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	}
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("json"); !f.Anonymous {
			properties[name] = schemaOf(f.Type)
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// TestSchema holds the schema that is published to the type, and inputs to the schema.
func TestSchema(t *testing.T) {
	schema := schemaOf(reflect.TypeFor[policy.Input]())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "The input of a policy, version 1"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(published, text) {
		t.Fatalf("%s is not of the type any more: go test ./policy -args -update (%v)", schemaFile, err)
	}
	compiled := compile(t, published)
	for i, in := range packtest.Random(1, 100) {
		if err := compiled.Validate(decoded(t, in)); err != nil {
			t.Fatalf("input %d: %v", i, err)
		}
	}
	for _, without := range []string{"time", "findings", "statements"} {
		in, _ := decoded(t, packtest.Artifact()).(map[string]any)
		delete(in, without)
		if compiled.Validate(in) == nil {
			t.Errorf("an input without %s is valid", without)
		}
		in[without] = nil
		if compiled.Validate(in) == nil {
			t.Errorf("an input whose %s is null is valid", without)
		}
	}
}

func compile(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("input.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func decoded(t *testing.T, in policy.Input) any {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
