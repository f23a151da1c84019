package report

import (
	_ "embed"
	"html/template"
	"sync"
)

//go:embed page.html.tmpl
var htmlText string

// htmlPage is parsed when the first page is written and not when the program
// starts: most runs of it write none, and its start is measured in milliseconds.
var htmlPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(htmlText))
})
