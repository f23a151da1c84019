package pack_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stellad/policy"
	"stellad/policy/pack"
	"stellad/policy/pack/packtest"
)

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "policy.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentParameters holds docs/formats/policy.md to the schema and the shipped parameters: a row for each, with its
// defaults, and no other.
func TestDocumentParameters(t *testing.T) {
	stella := data(t, pack.Files())["stella"].(map[string]any)
	environments := stella["environments"].(map[string]any)
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z._]+)` \\|.* \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$").FindAllStringSubmatch(document(t), -1) {
		rows = append(rows, row[1])
		for i, name := range []string{"production", "staging", "development"} {
			if want, told := at(environments[name], row[1]), value(t, row[2+i]); !reflect.DeepEqual(told, want) {
				t.Errorf("%s in %s is %v, told is %v", row[1], name, want, told)
			}
		}
	}
	slices.Sort(rows)
	if want := paths(stella["schema"]); !slices.Equal(rows, want) {
		t.Errorf("rows of %v\nparameters %v", rows, want)
	}
	if len(environments) != 3 {
		t.Errorf("environments %v", slices.Sorted(maps.Keys(environments)))
	}
}

// paths are those of a schema's parameters, sorted; null may stand for what has members, so that is one too.
func paths(schema any) []string {
	var all []string
	for name, part := range at(schema, "properties").(map[string]any) {
		if at(part, "type") != "object" {
			all = append(all, name)
		}
		for member := range at(part, "properties").(map[string]any) {
			all = append(all, name+"."+member)
		}
	}
	return slices.Sorted(slices.Values(all))
}

// none is told where a parameter is in none that is there.
const none = "–"

// at is the value at a path; none where there is none.
func at(value any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return none
		}
		value = object[key]
	}
	return value
}

func value(t *testing.T, told string) any {
	t.Helper()
	if told == none {
		return told
	}
	var value any
	if err := json.Unmarshal([]byte(strings.Trim(told, "`")), &value); err != nil {
		t.Fatalf("%s: %v", told, err)
	}
	return value
}

// TestDocumentMembers finds a member of the input or the answer, or a gate, that the document does not name.
func TestDocumentMembers(t *testing.T) {
	text := document(t)
	names := slices.Clone(packtest.Gates)
	for _, of := range []any{policy.Input{}, answer{}} {
		names = append(names, members(reflect.TypeOf(of))...)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s is not told", name)
		}
	}
	if len(names) < 60 {
		t.Errorf("%d names", len(names))
	}
}

// members are the names that a type's JSON has, at any depth.
func members(of reflect.Type) []string {
	switch of.Kind() {
	case reflect.Slice, reflect.Map:
		return members(of.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var names []string
	for field := range of.Fields() {
		if name := field.Tag.Get("json"); name != "" {
			names = append(names, name)
		}
		names = append(names, members(field.Type)...)
	}
	return names
}
