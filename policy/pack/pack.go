// Package pack is the default policy: nine gates in Rego, their parameters for three environments,
// and the JSON Schema of those parameters. It is a bundle's content and runs nothing.
package pack

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed .manifest stella
var content embed.FS

// Files returns the bundle's content by its path in the bundle (".manifest", "stella/decision.rego", …). The
// decision is at data.stella.decision. The maps and slices are the caller's.
func Files() map[string][]byte {
	return files(func(path string) bool { return !isTest(path) })
}

// Tests returns the unit tests of the gates likewise: Rego that goes beside the files and in no bundle that
// decides.
func Tests() map[string][]byte {
	return files(isTest)
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.rego") }

func files(wanted func(string) bool) map[string][]byte {
	found := map[string][]byte{}
	// What is embedded can be read: an error would be one of the build.
	_ = fs.WalkDir(content, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !wanted(path) {
			return err
		}
		found[path], err = content.ReadFile(path)
		return err
	})
	return found
}
