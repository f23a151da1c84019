package document

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"stellad/sbom/fault"
	"stellad/sbom/jsondoc"
)

// identifiers are those of a document's elements, by 16 bytes of their SHA-256.
type identifiers map[[16]byte]struct{}

// add takes an identifier in, which stands at path.
func (ids identifiers) add(id string, line int, path func() string) error {
	sum := sha256.Sum256([]byte(id))
	key := [16]byte(sum[:16])
	if _, ok := ids[key]; ok {
		return fault.At(line, path(), "%s stands twice in the document", fault.Quote(id))
	}
	ids[key] = struct{}{}
	return nil
}

// trail leads from the root to a value; it prints as a JSON pointer.
type trail []step

// step is an index or, where that is -1, a name.
type step struct {
	name  string
	index int
}

func named(name string) step { return step{name, -1} }

func (t trail) String() string {
	var b strings.Builder
	for _, s := range t {
		if s.index >= 0 {
			b.WriteString("/" + strconv.Itoa(s.index))
		} else {
			b.WriteString("/" + jsondoc.Step(s.name))
		}
	}
	return b.String()
}

func asText(value any) string {
	text, _ := value.(string)
	return text
}

// at gives a member of what may be an object.
func at(value any, name string) any {
	object, _ := value.(map[string]any)
	return object[name]
}

func list(value any) []any {
	array, _ := value.([]any)
	return array
}

// within counts the components in a component.
func within(component any) int {
	count := 0
	for _, one := range list(at(component, "components")) {
		count += 1 + within(one)
	}
	return count
}
