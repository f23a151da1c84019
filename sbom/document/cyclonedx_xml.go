package document

import (
	"strconv"
	"strings"

	"stellad/sbom/strictxml"
)

// opened is an open element: its name, its path by names alone, and how many
// children of each name it has had.
type opened struct {
	path     string // "" below what is not CycloneDX's own
	local    string
	nth      int
	children []tally
}

type tally struct {
	local string
	count int
}

func (x *xmlReader) push(t strictxml.Token) {
	o := opened{local: t.Name.Local, nth: 1}
	own := t.Name.Space == cycloneSpace+x.doc.Version
	if len(x.open) == 0 {
		o.path = "/bom"
	} else {
		top := &x.open[len(x.open)-1]
		o.nth = top.count(t.Name.Local)
		if own && top.path != "" && len(x.open) < 8 { // nothing below is looked for by its path
			o.path = top.path + "/" + t.Name.Local
		}
	}
	x.open = append(x.open, o)
	x.text = x.text[:0]
}

func (o *opened) count(local string) int {
	for i := range o.children {
		if o.children[i].local == local {
			o.children[i].count++
			return o.children[i].count
		}
	}
	const kinds = 200 // of names; beyond them, places are not told
	if len(o.children) < kinds {
		o.children = append(o.children, tally{local, 1})
	}
	return 1
}

func (x *xmlReader) pop() {
	x.open = x.open[:len(x.open)-1]
	x.text = x.text[:0]
}

func (x *xmlReader) top() *opened { return &x.open[len(x.open)-1] }

func (x *xmlReader) where() string {
	var b strings.Builder
	for _, o := range x.open {
		b.WriteString("/" + o.local + "[" + strconv.Itoa(o.nth) + "]")
	}
	return b.String()
}

// collect keeps the text of what is looked for.
func (x *xmlReader) collect(text []byte) {
	const most = 64 << 10 // of a name, a version, an address
	if len(x.text)+len(text) <= most {
		x.text = append(x.text, text...)
	}
}

const (
	metadata = "/bom/metadata"
	subject  = metadata + "/component"
	oldTool  = metadata + "/tools/tool"
	newTool  = metadata + "/tools/components/component"
	service  = metadata + "/tools/services/service"
)

func (x *xmlReader) started(t strictxml.Token) {
	switch x.top().path {
	case "/bom":
		x.doc.ID = attribute(t, "serialNumber")
	case subject:
		x.about = Subject{ID: attribute(t, "bom-ref")}
	case subject + "/hashes/hash":
		x.hash = Hash{Algorithm: attribute(t, "alg")}
	case oldTool, newTool, service:
		x.tool = Tool{}
	}
	if t.Name.Space == cycloneSpace+x.doc.Version && t.Name.Local == "component" && x.counted() {
		x.doc.Components++
	}
	x.signatureStart(t)
}

// counted reports whether all elements around a component are components.
func (x *xmlReader) counted() bool {
	for i, o := range x.open[1:] {
		if want := [2]string{"components", "component"}[i%2]; o.local != want {
			return false
		}
	}
	return len(x.open)%2 == 1
}

func attribute(t strictxml.Token, local string) string {
	for _, a := range t.Attributes {
		if a.Name == (strictxml.Name{Local: local}) {
			return a.Value
		}
	}
	return ""
}

func (x *xmlReader) ended() {
	text := strings.TrimSpace(string(x.text))
	switch path := x.top().path; path {
	case "":
	case metadata + "/timestamp":
		x.doc.Created = text
	case oldTool + "/name", newTool + "/name", service + "/name":
		x.tool.Name = text
	case oldTool + "/version", newTool + "/version", service + "/version":
		x.tool.Version = text
	case oldTool, newTool, service:
		x.doc.addTool(x.tool)
	case subject + "/name":
		x.about.Name = text
	case subject + "/version":
		x.about.Version = text
	case subject + "/purl":
		x.about.PURL = text
	case subject + "/hashes/hash":
		x.hash.Value = text
		x.about.Hashes = append(x.about.Hashes, x.hash)
	case subject:
		x.doc.Name, x.doc.Subjects = x.about.Name, []Subject{x.about}
	}
	x.signatureEnd(text)
}
