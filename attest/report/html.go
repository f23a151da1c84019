package report

import (
	_ "embed" // the template
	"html/template"
	"sync"
)

//go:embed report.html.tmpl
var htmlSource string

// htmlPage parses the template when the first report is written: a command that
// writes none pays nothing for it as it starts.
var htmlPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{"printable": printable}).Parse(htmlSource))
})
