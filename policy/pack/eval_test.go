package pack_test

import (
	"encoding/json"
	"path"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"stellad/policy"
)

// answer is data.stella.decision.
type answer struct {
	Gates      []policy.Gate
	Exceptions []policy.Exception
}

// data is what the data.json of files make of the bundle's data.
func data(t testing.TB, files map[string][]byte) map[string]any {
	t.Helper()
	root := map[string]any{}
	for name, text := range files {
		if path.Base(name) != "data.json" {
			continue
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		at := root
		keys := strings.Split(path.Dir(name), "/")
		for _, key := range keys[:len(keys)-1] {
			if at[key] == nil {
				at[key] = map[string]any{}
			}
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
	}
	return root
}

func memory(t testing.TB, files map[string][]byte) storage.Store {
	t.Helper()
	return inmem.NewFromObjectWithOpts(data(t, files), inmem.OptReturnASTValuesOnRead(true))
}

// prepare readies files to be asked for the decision; an error of a builtin is an error.
func prepare(t testing.TB, files map[string][]byte) rego.PreparedEvalQuery {
	t.Helper()
	options := []func(*rego.Rego){
		rego.Query("data.stella.decision"), rego.StrictBuiltinErrors(true), rego.Strict(true), rego.Store(memory(t, files)),
	}
	for _, module := range modules(t, files) {
		options = append(options, rego.ParsedModule(module))
	}
	query, err := rego.New(options...).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return query
}

// parsed is an input as Rego has it.
func parsed(t testing.TB, in any) ast.Value {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	term, err := ast.ValueFromReader(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return term
}

// ask evaluates an input of any form.
func ask(t testing.TB, query rego.PreparedEvalQuery, in any) answer {
	t.Helper()
	results, err := query.Eval(t.Context(), rego.EvalParsedInput(parsed(t, in)))
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 {
		t.Fatalf("%d results", len(results))
	}
	text, err := json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	var got answer
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// failing names the gates that fail, with VEX or without it.
func (a answer) failing(before bool) []string {
	var names []string
	for _, g := range a.Gates {
		if before && !g.Before || !before && !g.Passed {
			names = append(names, g.Name)
		}
	}
	return names
}

// verdict is the host's.
func (a answer) verdict() string {
	if len(a.Gates) == 0 || len(a.failing(false)) > 0 {
		return policy.Blocked
	}
	return policy.Passed
}
