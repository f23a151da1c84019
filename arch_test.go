package stellad_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"

	"stellad/internal/arch"
)

const architecture = "docs/ARCHITECTURE.md"

// TestImports holds the imports of the whole module to the table of floors, for each system that the client is built
// for: a file may be for one alone.
func TestImports(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			for _, fault := range table(t).Check("stellad", packages(t, system)) {
				t.Errorf("%s: %s", architecture, fault)
			}
		})
	}
}

// TestFolders finds a row of the table whose folder is gone.
func TestFolders(t *testing.T) {
	for _, folder := range table(t).Folders() {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			t.Errorf("%s has a row for %s/, which is no folder", architecture, folder)
		}
	}
}

func table(t *testing.T) arch.Table {
	t.Helper()
	page, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	table, err := arch.Parse(string(page))
	if err != nil {
		t.Fatalf("%s: %v", architecture, err)
	}
	return table
}

// packages asks the go command, as if it built for system.
func packages(t *testing.T, system string) []arch.Package {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,GoFiles,CgoFiles,Imports,TestImports,XTestImports", "./...")
	list.Env = append(os.Environ(), "GOOS="+system)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []arch.Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath                                            string
			GoFiles, CgoFiles, Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, arch.Package{
			Path:        p.ImportPath,
			Imports:     p.Imports,
			TestImports: append(p.TestImports, p.XTestImports...),
			TestsOnly:   len(p.GoFiles)+len(p.CgoFiles) == 0,
		})
	}
}
