package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// decisionAnswer is the JSON of a decision.
type decisionAnswer struct {
	Artifact    string            `json:"artifact"`
	Environment string            `json:"environment"`
	Time        time.Time         `json:"time"`
	Verdict     string            `json:"verdict"` // PASSED or BLOCKED
	Before      string            `json:"before"`  // what it were without VEX
	Line        string            `json:"line"`
	Gates       []gateAnswer      `json:"gates"`
	Exceptions  []exceptionAnswer `json:"exceptions"`
	Policy      string            `json:"policySha256"`
	Version     uint64            `json:"policyVersion"` // 0: built in
	InputSHA256 string            `json:"inputSha256"`
	Signed      string            `json:"signedSha256,omitempty"` // what "policy replay" takes
	Input       json.RawMessage   `json:"input,omitempty"`        // with --explain
}

type gateAnswer struct {
	Name    string   `json:"name"`
	Passed  bool     `json:"passed"`
	Before  bool     `json:"before"`
	Reasons []string `json:"reasons"`
	Looked  []string `json:"looked"`
}

type exceptionAnswer struct {
	Finding   string `json:"finding"`
	Package   string `json:"package"`
	Statement string `json:"statement"`
	Status    string `json:"status"`
	Why       string `json:"why"`
	By        string `json:"by"`
}

func decisionAnswerOf(d *stellav1.PolicyDecision) decisionAnswer {
	a := decisionAnswer{
		Artifact: d.GetArtifact(), Environment: d.GetEnvironment(), Time: timeOf(d.GetTime()), Verdict: d.GetVerdict(), Before: d.GetBefore(),
		Line: d.GetLine(), Gates: []gateAnswer{}, Exceptions: []exceptionAnswer{}, Policy: d.GetPolicySha256(), Version: d.GetPolicyVersion(),
		InputSHA256: d.GetInputSha256(),
	}
	for _, g := range d.GetGates() {
		a.Gates = append(a.Gates, gateAnswer{
			g.GetName(), g.GetPassed(), g.GetBefore(), append([]string{}, g.GetReasons()...), append([]string{}, g.GetLooked()...),
		})
	}
	for _, e := range d.GetExceptions() {
		a.Exceptions = append(a.Exceptions, exceptionAnswer{e.GetFinding(), e.GetPackage(), e.GetStatement(), e.GetStatus(), e.GetWhy(), e.GetBy()})
	}
	return a
}

// outcome is the error of whatever is no pass, in as many words.
func (a decisionAnswer) outcome() error {
	if a.Verdict == "PASSED" {
		return nil
	}
	return cli.Refused(errors.New(a.Artifact + " is blocked in " + a.Environment))
}

// policy names the policy in a cell.
func (a decisionAnswer) policy() string {
	if a.Version == 0 {
		return "built in, sha256:" + a.Policy
	}
	return fmt.Sprintf("version %d, sha256:%s", a.Version, a.Policy)
}

// maxShown is how many lines of a gate are shown where nobody asks for all.
const maxShown = 3

// lines are what a gate has to say, its reasons first.
func (a decisionAnswer) lines(g gateAnswer) []string {
	all := append(append([]string{}, g.Reasons...), g.Looked...)
	if a.Input == nil && len(all) > maxShown {
		all = append(all[:maxShown:maxShown], fmt.Sprintf("and %d more: --explain", len(all)-maxShown))
	}
	if len(all) == 0 {
		all = []string{""}
	}
	return all
}

func holds(is bool) string {
	if is {
		return "holds"
	}
	return "BLOCKS"
}

func printDecision(w io.Writer, a decisionAnswer) error {
	fmt.Fprintln(w, cli.Visible(a.Line))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = cli.Visible(cell)
		}
		fmt.Fprintf(t, "  %s\n", strings.Join(cells, "\t"))
	}
	row("artifact", a.Artifact)
	row("environment", a.Environment)
	row("policy", a.policy())
	row("decided", instant(a.Time))
	row("without VEX", a.Before)
	row("with VEX", a.Verdict)
	if a.Signed != "" {
		row("signed as", a.Signed)
	}
	_ = t.Flush()
	fmt.Fprintln(w)
	row("gate", "without VEX", "with VEX", "")
	for _, g := range a.Gates {
		name, before, now := g.Name, holds(g.Before), holds(g.Passed)
		for _, line := range a.lines(g) {
			row(name, before, now, line)
			name, before, now = "", "", ""
		}
	}
	for i, e := range a.Exceptions {
		if i == 0 {
			_ = t.Flush()
			fmt.Fprintln(w)
			row("VEX takes out", "in", "", "")
		}
		row(e.Finding, e.Package, e.Status+": "+e.Why, "by "+e.By+" in "+shortStatement(e.Statement))
	}
	if err := t.Flush(); err != nil || a.Input == nil {
		return err
	}
	return printExplained(w, a.Input)
}

// shortStatement has as many digits of the document as a table has.
func shortStatement(id string) string {
	digits, place, _ := strings.Cut(id, "/")
	return digits[:min(shortDigest, len(digits))] + "/" + place
}
