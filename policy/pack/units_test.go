package pack_test

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/tester"

	"stellad/policy/pack"
)

// TestGates runs the unit tests in Rego.
func TestGates(t *testing.T) {
	runner := tester.NewRunner().SetStore(memory(t, pack.Files())).SetModules(modules(t, pack.Files(), pack.Tests())).
		RaiseBuiltinErrors(true).CapturePrintOutput(false)
	results, err := runner.RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	run := 0
	for result := range results {
		run++
		if !result.Pass() {
			t.Errorf("%s: %s.%s: %v", result.Location, result.Package, result.Name, result.Error)
		}
	}
	if run < 100 {
		t.Errorf("%d tests", run)
	}
}
