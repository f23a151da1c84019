package jsondoc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"stellad/sbom/fault"
	"stellad/sbom/jsondoc"
)

func TestValue(t *testing.T) {
	got, err := jsondoc.Value([]byte(" {\"a\": [1.50, \"x\", true, null]}\n"))
	want := map[string]any{"a": []any{json.Number("1.50"), "x", true, nil}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestValueRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "cut short",
		`{"a": 1`:                 "cut short",
		`{} {}`:                   "more after",
		`{} x`:                    "line 1",
		`{"a": 1, "a": 2}`:        "duplicate",
		`{"a": {"b": 1, "B": 2}}`: "twice",
		`{"a": 1, "\u0061": 2}`:   "duplicate",
		"\"\xff\"":                "UTF-8",
		`1e999999`:                "exponent",
		strings.Repeat("[", 200):  "deeper",
		`[` + strings.Repeat("1,", 500_000) + `1]`: "tokens",
		strings.Repeat(" ", jsondoc.MaxValue+1):    "16 MiB",
	} {
		_, err := jsondoc.Value([]byte(text))
		var f *fault.Error
		if !errors.As(err, &f) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestWhole(t *testing.T) {
	schema, err := jsondoc.CompileWhole(fstest.MapFS{
		"main.json":  {Data: []byte(`{"type": "array", "minItems": 1, "items": {"$ref": "http://elsewhere.invalid/other.json"}}`)},
		"other.json": {Data: []byte(`{"type": "string", "format": "date-time"}`)},
	}, "main.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Check([]any{"2026-03-01T08:00:00Z"}); err != nil {
		t.Error(err)
	}
	for want, value := range map[string]any{
		"at /1: ":  []any{"2026-03-01T08:00:00Z", "soon"},
		"minItems": []any{},
		"object":   map[string]any{},
	} {
		if err := schema.Check(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", value, err)
		}
	}
	if _, err := jsondoc.CompileWhole(fstest.MapFS{}, "main.json"); err == nil {
		t.Error("a schema that is not there")
	}
}
