package pack_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"stellad/policy"
	"stellad/policy/bundle"
	"stellad/policy/engine"
	"stellad/policy/pack/packtest"
)

// stock is the path of the opa program that was not changed by us.
func stock(t testing.TB) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "build", "tools", "opa"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("no opa: make test builds it")
	}
	return program
}

// TestEqual asks the engine and the stock program about the same 500 inputs. They are those of TestRandom.
func TestEqual(t *testing.T) {
	inputs := packtest.Random(seed, 500)
	ours, theirs := ask500(t, inputs), stock500(t, inputs)
	if len(theirs) != len(inputs) {
		t.Fatalf("opa eval gives %d decisions", len(theirs))
	}
	for i, in := range inputs {
		if !reflect.DeepEqual(ours[i], theirs[i]) {
			t.Errorf("input %d: %s\nours   %v\ntheirs %v", i, text(t, in), ours[i], theirs[i])
		}
	}
}

// ask500 gives the engine's decisions, as JSON has them.
func ask500(t *testing.T, inputs []policy.Input) []any {
	t.Helper()
	loaded := load(t)
	decisions := make([]any, len(inputs))
	for i, in := range inputs {
		if err := json.Unmarshal(decide(t, loaded, in), &decisions[i]); err != nil {
			t.Fatal(err)
		}
	}
	return decisions
}

// load is the policy of packtest.Files in the engine.
func load(t testing.TB) *engine.Policy {
	t.Helper()
	packed, err := bundle.Pack(packtest.Files())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := engine.Load(t.Context(), packed)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func decide(t testing.TB, loaded *engine.Policy, in policy.Input) []byte {
	t.Helper()
	facts, err := engine.ReadFacts(encoded(t, in.Facts))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := loaded.Decide(t.Context(), facts, more(in))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// more is what an input has beside its facts.
func more(in policy.Input) map[string]any {
	return map[string]any{"version": in.Version, "time": in.Time, "environment": in.Environment, "logs": in.Logs}
}

// stock500 gives the decisions of one `opa eval` about all inputs.
func stock500(t *testing.T, inputs []policy.Input) []any {
	t.Helper()
	asked := filepath.Join(t.TempDir(), "asked.json")
	write(t, asked, encoded(t, map[string]any{"asked": inputs}))
	// The input is a variable: `with input as data.asked[i]` gives opa an input without members.
	const query = "[decision | some one in data.asked; decision := data.stella.decision with input as one]"
	out := run(t, stock(t), "eval", "--strict-builtin-errors", "--format", "raw", "-b", packed(t), "-d", asked, query)
	var decisions []any
	if err := json.Unmarshal(out, &decisions); err != nil {
		t.Fatalf("%v: %.200s", err, out)
	}
	return decisions
}

// packed is the policy of packtest.Files as a bundle's file.
func packed(t testing.TB) string {
	t.Helper()
	text, err := bundle.Pack(packtest.Files())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.tar.gz")
	write(t, path, text)
	return path
}

func run(t testing.TB, program string, arguments ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, arguments[0], err, &out, &errs)
	}
	return out.Bytes()
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func encoded(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
