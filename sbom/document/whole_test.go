package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stellad/sbom/document"
	"stellad/sbom/schemas"
)

// wholeSchemas hold a document in JSON against its schema as one value.
func wholeSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiled := map[string]*jsonschema.Schema{}
	for name, file := range map[string]string{"1.4": "bom-1.4.SNAPSHOT.schema.json", "1.5": "bom-1.5.SNAPSHOT.schema.json", "1.6": "bom-1.6.SNAPSHOT.schema.json", "2.3": "spdx-schema-2.3.json"} {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		c.UseLoader(embedded{})
		schema, err := c.Compile("http://x/" + file)
		if err != nil {
			t.Fatal(err)
		}
		compiled[name] = schema
	}
	return compiled
}

type embedded struct{}

func (embedded) Load(url string) (any, error) {
	text, err := schemas.Files.ReadFile(url[strings.LastIndexByte(url, '/')+1:])
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// What is read as a stream is taken where the whole document is valid, and
// refused where it is not, but for the rules that no schema has.
func TestAsWhole(t *testing.T) {
	compiled := wholeSchemas(t)
	taken, refused := 0, 0
	for seed, name := range own {
		if filepath.Ext(name) != ".json" {
			continue
		}
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		for range 1500 {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(text(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			value = mutateJSON(r, value)
			mutant, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			valid := compiled[versionIn(name)].Validate(value) == nil
			_, err = document.Read(bytes.NewReader(mutant))
			switch {
			case err == nil && !valid:
				t.Errorf("%s: taken, and not valid: %s", name, mutant)
			case err != nil && valid && !beyondSchema(err):
				t.Errorf("%s: valid, and refused: %v: %s", name, err, mutant)
			}
			if err == nil {
				taken++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d taken, %d refused", taken, refused)
	if taken < 500 || refused < 500 {
		t.Error("the mutations tell nothing")
	}
}

func versionIn(name string) string {
	return strings.TrimSuffix(name[strings.IndexByte(name, '-')+1:], ".json")
}

func beyondSchema(err error) bool {
	what := err.Error()
	return errors.Is(err, document.ErrVersion) || strings.Contains(what, "stands twice") || strings.Contains(what, "SPDXRef-") ||
		errors.Is(err, document.ErrForm)
}

// mutateJSON changes one place of a value: it goes, is doubled, or becomes what
// stands elsewhere or something odd.
func mutateJSON(r *rand.Rand, root any) any {
	var places []func(any)
	var values []any
	collect(root, &places, &values)
	if len(places) == 0 {
		return root
	}
	at := r.IntN(len(places))
	odd := []any{nil, true, "", "x", json.Number("1"), json.Number("-1"), json.Number("1.0"), json.Number("1.5"), []any{}, map[string]any{}, gone}
	if r.IntN(2) == 0 {
		places[at](values[r.IntN(len(values))])
	} else {
		places[at](odd[r.IntN(len(odd))])
	}
	return root
}

// gone takes a place's member away.
type removal struct{}

var gone any = removal{}

func collect(value any, places *[]func(any), values *[]any) {
	*values = append(*values, value)
	switch value := value.(type) {
	case map[string]any:
		var names []string
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			*places = append(*places, func(with any) {
				if with == gone {
					delete(value, name)
				} else {
					value[name] = clone(with)
				}
			})
			collect(value[name], places, values)
		}
	case []any:
		for i := range value {
			*places = append(*places, func(with any) {
				if with == gone {
					with = nil
				}
				value[i] = clone(with)
			})
			collect(value[i], places, values)
		}
	}
}

// clone keeps a value from standing within itself.
func clone(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	again, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	return again
}
