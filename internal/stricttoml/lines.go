package stricttoml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Lines knows on which line each key and each array element of a document stands.
type Lines struct{ at map[string]int }

// LinesOf reads the lines of a document that Decode took; of another, those before its fault.
func LinesOf(text []byte) Lines {
	l := Lines{map[string]int{}}
	walk(text, func(path []string, line int) {
		if _, ok := l.at[key(path)]; !ok {
			l.at[key(path)] = line
		}
	})
	return l
}

// Of gives the line, from 1, of what stands at the path: keys, and for elements of arrays their indices in decimal, as
// in Of("roles", "operator", "0"). What is not in the document has the line of the nearest thing around it.
func (l Lines) Of(path ...string) int {
	for n := len(path); n > 0; n-- {
		if line, ok := l.at[key(path[:n])]; ok {
			return line
		}
	}
	return 1
}

// key joins a path so that no two have the same.
func key(path []string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(' ')
		b.WriteString(part)
	}
	return b.String()
}

// walk visits each key and element in the document's order, those of tables named twice again.
func walk(text []byte, visit func(path []string, line int)) {
	w := &walker{visit: visit, tables: map[string]int{}}
	for i, c := range text {
		if c == '\n' {
			w.ends = append(w.ends, i)
		}
	}
	w.parser.Reset(text)
	var table []string
	for w.parser.NextExpression() {
		switch e := w.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = w.header(e)
		case unstable.KeyValue:
			w.keyValue(table, e)
		}
	}
}

type walker struct {
	parser unstable.Parser
	visit  func(path []string, line int)
	ends   []int          // where each line ends
	tables map[string]int // how many [[path]] there were
}

// line is asked of nodes that have their bytes, and gives the enclosing line for those that the parser gives none.
func (w *walker) line(n *unstable.Node, enclosing int) int {
	if n.Raw.Length == 0 {
		return enclosing
	}
	i, _ := slices.BinarySearch(w.ends, int(n.Raw.Offset))
	return i + 1
}

// header gives the path that a table's keys stand under: of [[a]], its newest element.
func (w *walker) header(e *unstable.Node) []string {
	var path []string
	for it := e.Key(); it.Next(); {
		line := w.line(it.Node(), 1)
		path = append(path, string(it.Node().Data))
		w.visit(path, line)
		if e.Kind == unstable.ArrayTable && it.IsLast() {
			w.tables[key(path)]++
		}
		if n := w.tables[key(path)]; n > 0 {
			path = append(path, strconv.Itoa(n-1))
			w.visit(path, line)
		}
	}
	return path
}

func (w *walker) keyValue(table []string, e *unstable.Node) {
	path, line := slices.Clone(table), 1
	for it := e.Key(); it.Next(); {
		line = w.line(it.Node(), line)
		path = append(path, string(it.Node().Data))
		w.visit(path, line)
	}
	w.value(path, e.Value(), line)
}

func (w *walker) value(path []string, v *unstable.Node, line int) {
	i := 0
	for it := v.Children(); it.Next(); i++ {
		switch child := it.Node(); v.Kind {
		case unstable.Array:
			element := append(slices.Clone(path), strconv.Itoa(i))
			line = w.line(child, line)
			w.visit(element, line)
			w.value(element, child, line)
		case unstable.InlineTable:
			w.keyValue(path, child)
		}
	}
}
