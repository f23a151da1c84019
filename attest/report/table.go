package report

// table is a table whose rows are named by their first cell.
type table struct {
	Class string // to the style sheet, which adds nothing to the words
	Head  []line
	Rows  []row
}

type row struct {
	Class string
	Name  line
	Cells []line
	Leads int // the number of the document that it is about, in a table of documents
}

// facts gives a table without a head, of facts that each have their name.
func facts() table { return table{Class: "facts"} }

func head(names ...string) []line {
	var h []line
	for _, name := range names {
		h = append(h, say("%s", name))
	}
	return h
}

func (t *table) fact(name string, value line) {
	t.add("", say("%s", name), value)
}

func (t *table) add(class string, name line, cells ...line) {
	t.Rows = append(t.Rows, row{Class: class, Name: name, Cells: cells})
}
