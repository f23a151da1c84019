// Package vectors finds the published test vectors that stand beside a
// checkout, not in it. It is imported by tests alone.
package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Env names the variable that points at the vectors, where they are not in
// ../shared/vectors beside the checkout.
const Env = "STELLA_VECTORS"

// Dir returns the folder of the vectors called name, or skips the test with a
// message that says how to bring them.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(root(), name)
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		t.Skipf("no published vectors %q: set %s to a folder that has %s/manifest.json", name, Env, name)
	}
	return dir
}

// Manifest decodes DIR/manifest.json into rows.
func Manifest(t testing.TB, dir string, rows any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, rows); err != nil {
		t.Fatalf("%s/manifest.json: %v", dir, err)
	}
}

func root() string {
	if dir := os.Getenv(Env); dir != "" {
		return dir
	}
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "vectors")
}
