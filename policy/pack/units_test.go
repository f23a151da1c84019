package pack_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"

	"stellad/policy/pack"
)

// TestGates runs the unit tests in Rego, and holds them to 95 % of the lines that they test.
func TestGates(t *testing.T) {
	trace := cover.New()
	both := modules(t, pack.Files(), pack.Tests())
	runner := tester.NewRunner().SetStore(memory(t, pack.Files())).SetModules(both).SetCoverageQueryTracer(trace).
		RaiseBuiltinErrors(true).CapturePrintOutput(false)
	results, err := runner.RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	run := 0
	for result := range results {
		run++
		of[result.Package]++
		if !result.Pass() {
			t.Errorf("%s: %s.%s: %v", result.Location, result.Package, result.Name, result.Error)
		}
	}
	if run < 100 {
		t.Errorf("%d tests", run)
	}
	for _, gate := range []string{"signature", "sbom", "freshness", "cvss", "unknowns", "vex_proof", "vex_trust", "provenance", "custody"} {
		if of["data.stella.gates."+gate+"_test"] < 5 {
			t.Errorf("gate %s: %d tests", gate, of["data.stella.gates."+gate+"_test"])
		}
	}
	checkCovered(t, trace.Report(modules(t, pack.Files())))
}

// checkCovered counts the lines of the pack; those of its tests are not asked about.
func checkCovered(t *testing.T, report cover.Report) {
	covered, all := 0, 0
	for path, file := range report.Files {
		if strings.HasSuffix(path, "_test.rego") {
			continue
		}
		covered += file.CoveredLines
		all += file.CoveredLines + file.NotCoveredLines
		for _, r := range file.NotCovered {
			t.Logf("%s:%d is run by no test", path, r.Start.Row)
		}
	}
	t.Logf("%d of %d lines", covered, all)
	if all < 100 || covered*100 < all*95 {
		t.Errorf("%d of %d lines are run by unit tests, less than 95 %%", covered, all)
	}
}

// TestStock does what a policy's author does, with the stock program: opa check --strict and opa test.
func TestStock(t *testing.T) {
	for _, arguments := range [][]string{{"check", "--strict", "stella"}, {"test", "-b", "."}} {
		var out bytes.Buffer
		command := exec.CommandContext(t.Context(), stock(t), arguments...)
		command.Stdout, command.Stderr = &out, &out
		if err := command.Run(); err != nil {
			t.Errorf("opa %s: %v\n%s", strings.Join(arguments, " "), err, &out)
		}
	}
}
