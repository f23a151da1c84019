package pack_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stellad/policy"
	"stellad/policy/pack/packtest"
)

func schema(t *testing.T, files map[string][]byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(files["stella/schema/data.json"]))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("parameters.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("parameters.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// TestParameters validates the shipped parameters, and refuses each with one of them gone or one too many.
func TestParameters(t *testing.T) {
	files := packtest.Files()
	compiled := schema(t, files)
	all := data(t, files)["stella"].(map[string]any)["environments"].(map[string]any)
	for name, value := range all {
		parameters := value.(map[string]any)
		if err := compiled.Validate(parameters); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for key, part := range parameters {
			delete(parameters, key)
			if compiled.Validate(parameters) == nil {
				t.Errorf("%s without %s is valid", name, key)
			}
			parameters[key] = part
			of, ok := part.(map[string]any)
			if !ok {
				continue
			}
			of["more"] = true
			if compiled.Validate(parameters) == nil {
				t.Errorf("%s with more in %s is valid", name, key)
			}
			delete(of, "more")
		}
	}
}

// TestIncomplete takes each parameter away in turn, and gives each a wrong type: nothing passes by it.
func TestIncomplete(t *testing.T) {
	in := packtest.Random(seed, 1)[0]
	in.Environment = "strict" // what passes passes there
	if got := ask(t, prepare(t, packtest.Files()), in); got.verdict() != policy.Passed {
		t.Fatalf("complete: %+v", got)
	}
	strict := data(t, packtest.Files())["stella"].(map[string]any)["environments"].(map[string]any)["strict"].(map[string]any)
	for name, part := range strict {
		for key := range part.(map[string]any) {
			for _, wrong := range []any{nil, "text", map[string]any{}} {
				if got := ask(t, prepare(t, changed(t, name, key, wrong)), in); got.verdict() != policy.Blocked {
					t.Errorf("%s.%s: %v passes", name, key, wrong)
				}
			}
		}
	}
}

// changed is packtest.Files with a wrong parameter in strict; nil takes it away.
func changed(t *testing.T, name, key string, wrong any) map[string][]byte {
	t.Helper()
	const path = "stella/environments/data.json"
	files := packtest.Files()
	var all map[string]map[string]any
	if err := json.Unmarshal(files[path], &all); err != nil {
		t.Fatal(err)
	}
	part := all["strict"][name].(map[string]any)
	part[key] = wrong
	if wrong == nil {
		delete(part, key)
	}
	var err error
	if files[path], err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	return files
}
