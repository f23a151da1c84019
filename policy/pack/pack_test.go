package pack_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"stellad/policy/pack"
)

// modules parses what is Rego in files.
func modules(t testing.TB, files ...map[string][]byte) map[string]*ast.Module {
	t.Helper()
	parsed := map[string]*ast.Module{}
	for _, of := range files {
		for path, text := range of {
			if !strings.HasSuffix(path, ".rego") {
				continue
			}
			module, err := ast.ParseModuleWithOpts(path, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
			if err != nil {
				t.Fatal(err)
			}
			parsed[path] = module
		}
	}
	return parsed
}

// TestStrict compiles the pack as `opa check --strict` does: no unused import or variable, nothing deprecated.
func TestStrict(t *testing.T) {
	compiler := ast.NewCompiler().WithStrict(true).WithEnablePrintStatements(false)
	if compiler.Compile(modules(t, pack.Files(), pack.Tests())); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
}

// TestFormat holds every file to `opa fmt`.
func TestFormat(t *testing.T) {
	for _, files := range []map[string][]byte{pack.Files(), pack.Tests()} {
		for path, text := range files {
			if !strings.HasSuffix(path, ".rego") {
				continue
			}
			formatted, err := format.SourceWithOpts(path, text, format.Opts{RegoVersion: ast.RegoV1})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(formatted, text) {
				if os.Getenv("FORMAT") != "" {
					_ = os.WriteFile(path, formatted, 0o644)
				}
				t.Errorf("%s is not as opa fmt writes it", path)
			}
		}
	}
}

// TestBuiltins lists what the pack calls: a worker allows these and no others.
func TestBuiltins(t *testing.T) {
	compiler := ast.NewCompiler()
	if compiler.Compile(modules(t, pack.Files())); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	used := map[string]bool{}
	for _, module := range compiler.Modules {
		ast.WalkExprs(module, func(e *ast.Expr) bool {
			if e.IsCall() {
				if _, ok := ast.BuiltinMap[e.Operator().String()]; ok {
					used[e.Operator().String()] = true
				}
			}
			return false
		})
	}
	t.Log(slices.Sorted(maps.Keys(used)))
}
