package sbom

import (
	"bytes"
	_ "embed"
	"text/template"

	"stellad/attest"
	"stellad/attest/sealed"
)

//go:embed guide.md.tmpl
var guideText string

// guide gives the archive's VERIFY.md. A name in it is a stranger's, and stays on its line.
func guide(f sealed.File, about *Described, subject attest.Subject) []byte {
	var b bytes.Buffer
	// A template that fails would leave a text that ends early, and the tests see it.
	_ = template.Must(template.New(guideName).Parse(guideText)).Execute(&b, map[string]any{
		"SBOM": f.Name, "Format": about.Format, "Version": sealed.Plain(about.Version), "Size": f.Size, "SHA256": f.SHA256,
		"Subject": sealed.Plain(subject.String()), "Hex": subject.Digest["sha256"], "Type": PredicateType,
	})
	return b.Bytes()
}
