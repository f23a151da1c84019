// Package arch holds a module's imports to the table of floors in its architecture page. It is imported by tests
// alone.
//
// A row of the table is a floor, folders, what lives there, and what they may import:
//
//   - Imports point down: to a row of a lower floor. A row whose floor is – is above all and nobody's import.
//   - Folders of one row stand in order: each may import those named before it. A package belongs to the longest
//     folder that it lies in; packages of one folder may import each other.
//   - The last column names folders, with those below them that stand in the same row; or says `all`, or `†`, every
//     pure folder; or –, nothing. gRPC is imported only where the column says `gRPC`.
//   - † marks a pure folder: what it reaches is pure too, and it imports neither a network nor a process.
//   - ‡ marks a folder that only test files import, and folders so marked; theirs is the right to import it from anywhere.
package arch

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A Table is the folders of the page, in its order.
type Table struct{ folders []folder }

// A folder is one name in the second column, with what its row says.
type folder struct {
	name      string // slash-separated, relative to the module
	row       int
	floor     int
	pure      bool
	testsOnly bool
	may       []string
}

const (
	wordAll  = "all"
	wordPure = "†"
	wordGRPC = "gRPC"
	none     = "–"
)

var (
	header    = []string{"floor", "folder", "what lives there", "may import"}
	codeSpan  = regexp.MustCompile("`([^`]+)`")
	folderRef = regexp.MustCompile("`([^`]+)/`( †)?( ‡)?")
)

// Parse reads the table out of page, which is Markdown.
func Parse(page string) (Table, error) {
	var t Table
	inTable := false
	for n, line := range strings.Split(page, "\n") {
		cells := cells(line)
		switch {
		case cells == nil:
			inTable = false
		case strings.Join(cells, "|") == strings.Join(header, "|"):
			inTable = true
		case inTable && !strings.HasPrefix(cells[0], "---"):
			if err := t.addRow(n, cells); err != nil {
				return Table{}, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	if len(t.folders) == 0 {
		return Table{}, errors.New("no table with the columns " + strings.Join(header, ", "))
	}
	return t, t.checkNames()
}

// cells splits a line of a Markdown table, and returns nil for any other.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func (t *Table) addRow(row int, cells []string) error {
	if len(cells) != len(header) {
		return fmt.Errorf("%d cells, want %d", len(cells), len(header))
	}
	floor := math.MaxInt
	if cells[0] != none {
		var err error
		if floor, err = strconv.Atoi(cells[0]); err != nil {
			return fmt.Errorf("floor %q is neither a number nor %s", cells[0], none)
		}
	}
	var may []string
	for _, m := range codeSpan.FindAllStringSubmatch(cells[3], -1) {
		may = append(may, strings.TrimSuffix(m[1], "/"))
	}
	if (may == nil) != (cells[3] == none) {
		return fmt.Errorf("%q: neither names in backquotes nor %s", cells[3], none)
	}
	names := folderRef.FindAllStringSubmatch(cells[1], -1)
	if names == nil {
		return fmt.Errorf("%q names no folder as `name/`", cells[1])
	}
	for _, m := range names {
		t.folders = append(t.folders, folder{
			name: m[1], row: row, floor: floor, pure: m[2] != "", testsOnly: m[3] != "", may: may,
		})
	}
	return nil
}

// checkNames refuses a folder named twice, and a last column that names what is no folder of the table.
func (t Table) checkNames() error {
	known := map[string]bool{wordAll: true, wordPure: true, wordGRPC: true}
	for _, f := range t.folders {
		if known[f.name] {
			return fmt.Errorf("%s/ is named twice", f.name)
		}
		known[f.name] = true
	}
	for _, f := range t.folders {
		for _, word := range f.may {
			if !known[word] {
				return fmt.Errorf("%s/ may import %q, which is no folder of the table", f.name, word)
			}
		}
	}
	return nil
}

// Folders returns the names of all folders.
func (t Table) Folders() []string {
	var names []string
	for _, f := range t.folders {
		names = append(names, f.name)
	}
	return names
}

// find returns the place in the table of the folder that path lies in, or -1.
func (t Table) find(path string) int {
	best := -1
	for i, f := range t.folders {
		if within(path, f.name) && (best < 0 || len(f.name) > len(t.folders[best].name)) {
			best = i
		}
	}
	return best
}

// within says whether path is folder or lies below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
