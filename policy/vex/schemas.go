package vex

import (
	"embed"
	"io/fs"
	"sync"

	"stellad/sbom/jsondoc"
)

// The schema of OpenVEX says in our words what its specification asks for; that
// of CSAF is the published one (schemas/NOTICE.md).
//
//go:embed openvex.schema.json schemas/*.json
var files embed.FS

var (
	openVEXSchema = sync.OnceValue(func() *jsondoc.Whole { return compile(".", "openvex.schema.json") })
	csafSchema    = sync.OnceValue(func() *jsondoc.Whole { return compile("schemas", "csaf_json_schema.json") })
)

func compile(folder, name string) *jsondoc.Whole {
	in, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // it is embedded
	}
	schema, err := jsondoc.CompileWhole(in, name)
	if err != nil {
		panic(err) // likewise
	}
	return schema
}
