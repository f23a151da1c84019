package arch

import (
	"fmt"
	"slices"
	"strings"
)

// A Package is what the go command knows of one.
type Package struct {
	Path        string   // its import path
	Imports     []string // of its own files
	TestImports []string // of its test files, of both packages
	TestsOnly   bool     // it has no file but test files
}

// outsidePure is what a pure package has no use for.
var outsidePure = []string{"net", "net/http", "net/rpc", "os/exec", "plugin"}

const grpc = "google.golang.org/grpc"

// Check returns a line for each way in which the packages of module break the table.
func (t Table) Check(module string, packages []Package) []string {
	c := checker{table: t, module: module, packages: map[string]Package{}}
	for _, p := range packages {
		c.packages[p.Path] = p
	}
	for _, p := range packages {
		c.checkPackage(p)
	}
	return c.faults
}

type checker struct {
	table    Table
	module   string
	packages map[string]Package
	faults   []string
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func (c *checker) checkPackage(p Package) {
	from := c.folderOf(p.Path)
	if from < 0 {
		// The module's own folder holds the test that calls this, and no code.
		if p.Path != c.module || !p.TestsOnly {
			c.fault("%s has no row in the table", p.Path)
		}
		return
	}
	for _, imp := range p.Imports {
		c.checkImport(p.Path, from, imp, false)
	}
	for _, imp := range p.TestImports {
		c.checkImport(p.Path, from, imp, true)
	}
	if c.table.folders[from].pure {
		c.checkPure(p)
	}
}

// folderOf returns the place in the table of the package at path, or -1.
func (c *checker) folderOf(path string) int {
	rel, ok := strings.CutPrefix(path, c.module+"/")
	if !ok {
		return -1
	}
	return c.table.find(rel)
}

func (c *checker) checkImport(path string, from int, imp string, test bool) {
	f := c.table.folders[from]
	if !within(imp, c.module) {
		if within(imp, grpc) && !slices.Contains(f.may, wordGRPC) {
			c.fault("%s imports %s, which its row does not name", path, imp)
		}
		return
	}
	to := c.folderOf(imp)
	if to < 0 || to == from {
		return // a folder without a row is a fault of its own
	}
	target := c.table.folders[to]
	switch {
	case target.testsOnly && (test || f.testsOnly):
	case target.testsOnly:
		c.fault("%s imports %s, which is for tests alone", path, imp)
	case target.row == f.row && to > from:
		c.fault("%s imports %s, which stands above it in its row", path, imp)
	case target.row == f.row:
	case target.floor >= f.floor:
		c.fault("%s imports %s, which is not on a lower floor", path, imp)
	case !c.table.grants(f.may, target):
		c.fault("%s imports %s, which its row does not name", path, imp)
	}
}

// grants says whether the words of a row's last column allow the import of target.
func (t Table) grants(may []string, target folder) bool {
	for _, word := range may {
		switch {
		case word == wordAll, word == wordPure && target.pure:
			return true
		case within(target.name, word) && t.folders[t.find(word)].row == target.row:
			return true
		}
	}
	return false
}

// checkPure follows the imports of p, which is pure, to the first on each way that is not.
func (c *checker) checkPure(p Package) {
	via := map[string]string{p.Path: ""}
	for queue := []string{p.Path}; len(queue) > 0; queue = queue[1:] {
		for _, imp := range c.packages[queue[0]].Imports {
			if _, seen := via[imp]; seen {
				continue
			}
			via[imp] = queue[0]
			switch to := c.folderOf(imp); {
			case slices.Contains(outsidePure, imp):
			case to < 0:
				continue // another module's, or without a row
			case c.table.folders[to].pure:
				queue = append(queue, imp)
				continue
			}
			c.fault("%s is pure and reaches %s", p.Path, trail(via, imp))
		}
	}
}

// trail writes the way from the start of via to path.
func trail(via map[string]string, path string) string {
	way := path
	for at := via[path]; via[at] != ""; at = via[at] {
		way = at + " → " + way
	}
	return way
}
