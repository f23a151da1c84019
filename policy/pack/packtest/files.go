package packtest

import (
	_ "embed"
	"encoding/json"

	"stellad/policy/pack"
)

//go:embed strict.json
var strict []byte

const environments = "stella/environments/data.json"

// Files is pack.Files with one environment more, "strict", that asks for everything: there each gate can be the
// only one that fails.
func Files() map[string][]byte {
	files := pack.Files()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(files[environments], &all); err != nil {
		panic(err)
	}
	all["strict"] = strict
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		panic(err)
	}
	files[environments] = text
	return files
}
