package bundle

import (
	"bytes"
	_ "embed"
	"text/template"

	"stellad/attest/sealed"
)

//go:embed guide.md.tmpl
var guideText string

// guide gives the bundle's VERIFY.md. A name in it is a stranger's, and stays on its line.
func guide(in Input) []byte {
	artifacts := []string{}
	for _, a := range in.Artifacts {
		artifacts = append(artifacts, sealed.Plain(a.String()))
	}
	var b bytes.Buffer
	// A template that fails would leave a text that ends early, and the tests see it.
	_ = template.Must(template.New(guideName).Parse(guideText)).Execute(&b, map[string]any{
		"Artifacts": artifacts, "Documents": len(in.Documents), "Type": PredicateType,
	})
	return b.Bytes()
}
