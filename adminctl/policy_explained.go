package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"stellad/internal/cli"
	"stellad/policy"
)

// An explanation is what of an input did not count, and why.
type explanation struct {
	Contradicted []contradiction
	Near         []nearMiss
	Unverified   []policy.Unverified
}

// A contradiction is a finding on which statements differ. The last one of those that a policy believes stands.
type contradiction struct{ Finding, Package, Statements string }

// A nearMiss is a statement on a finding's name that is not about the finding.
type nearMiss struct{ Finding, Package, Statement, Why string }

func explain(input []byte) (x explanation, err error) {
	var in policy.Input
	if err := json.Unmarshal(input, &in); err != nil {
		return x, fmt.Errorf("the input that the daemon sent: %w", err)
	}
	for _, f := range in.Findings {
		where := f.Package.PURL
		if where == "" {
			where = strings.TrimSpace(f.Package.Name + " " + f.Package.Version)
		}
		if said := differing(f, in.Statements); said != "" {
			x.Contradicted = append(x.Contradicted, contradiction{f.ID, where, said})
		}
		for _, n := range f.Near {
			x.Near = append(x.Near, nearMiss{f.ID, where, n.Statement, n.Why})
		}
	}
	x.Unverified = in.Unverified
	return x, nil
}

// differing names the statements on a finding, the earliest first, where they don't all say the same.
func differing(f policy.Finding, statements map[string]policy.Statement) string {
	said := map[string]bool{}
	var all []string
	for _, id := range f.VEX {
		s := statements[id]
		said[s.Status] = true
		text := s.Status + " of " + s.Made + " in " + shortStatement(id)
		if s.Expires != "" {
			text += ", until " + s.Expires
		}
		all = append(all, text)
	}
	if len(said) < 2 {
		return ""
	}
	return strings.Join(all, "; ")
}

func printExplained(w io.Writer, input []byte) error {
	x, err := explain(input)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	section := func(title string, n int) {
		if n > 0 {
			_ = t.Flush()
			fmt.Fprintf(w, "\n%s\n", title)
		}
	}
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = cli.Visible(cell)
		}
		fmt.Fprintf(t, "  %s\n", strings.Join(cells, "\t"))
	}
	section("Statements that contradict each other", len(x.Contradicted))
	for _, c := range x.Contradicted {
		row(c.Finding, c.Package, c.Statements)
	}
	section("Statements that are not about a finding of theirs", len(x.Near))
	for _, n := range x.Near {
		row(n.Finding, n.Package, shortStatement(n.Statement), n.Why)
	}
	section("Evidence that counts for nothing", len(x.Unverified))
	for _, u := range x.Unverified {
		row(u.Evidence[:min(shortDigest, len(u.Evidence))], u.Kind, u.Why)
	}
	return t.Flush()
}
