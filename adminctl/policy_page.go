package main

import (
	_ "embed" // the page
	"html/template"
	"io"
	"sync"
	"time"

	"stellad/internal/cli"
)

//go:embed policy_page.html.tmpl
var decisionText string

// decisionTemplate is parsed when a page is written: most runs of the program write none.
var decisionTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("decision").Funcs(template.FuncMap{"visible": cli.Visible, "holds": holds, "short": shortStatement}).Parse(decisionText))
})

// decisionPage is what the page shows.
type decisionPage struct {
	Decision      decisionAnswer
	Policy        string
	Passed        bool
	Lines         map[string][]string // of each gate, by its name
	Explained     *explanation        // with --explain
	Program, Time string
	Decided       string
}

func writeDecisionPage(w io.Writer, a decisionAnswer, program string, now time.Time) error {
	page := decisionPage{
		Decision: a, Policy: a.policy(), Passed: a.outcome() == nil, Lines: map[string][]string{}, Program: program,
		Time: now.UTC().Format("2006-01-02 15:04 UTC"), Decided: instant(a.Time),
	}
	for _, g := range a.Gates {
		page.Lines[g.Name] = a.lines(g)
	}
	if a.Input != nil {
		x, err := explain(a.Input)
		if err != nil {
			return err
		}
		page.Explained = &x
	}
	return decisionTemplate().Execute(w, page)
}
