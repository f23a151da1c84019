package tokens

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/shim.c
var shim []byte

// Shim compiles a module that hands everything on to the one of $SHIM_MODULE, and misbehaves as the files in the folder
// $SHIM_CONTROL say, which testdata/shim.c names.
func Shim(t testing.TB) (library string) {
	t.Helper()
	headers, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/miekg/pkcs11").Output()
	must(t, err)
	dir, err := os.MkdirTemp("", "stella-shim")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	source := filepath.Join(dir, "shim.c")
	must(t, os.WriteFile(source, shim, 0o644))
	library = filepath.Join(dir, "shim-softhsm.so")
	run(t, nil, "gcc", "-Wall", "-Werror", "-Wno-unused", "-shared", "-fPIC", "-I", strings.TrimSpace(string(headers)),
		"-o", library, source, "-ldl")
	return library
}
