package jsondoc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"stellad/sbom/fault"
)

// deepest finds, of all that a schema says against a value, what lies deepest
// in it: where one of several forms is wanted, that is the form that was meant.
// Of several as deep it is the first by place and by the schema's own, for the
// library goes through a map and finds them in another order each time.
func deepest(err *jsonschema.ValidationError) *jsonschema.ValidationError {
	if len(err.Causes) == 0 {
		return err
	}
	leaves := make([]*jsonschema.ValidationError, 0, len(err.Causes))
	for _, cause := range err.Causes {
		leaves = append(leaves, deepest(cause))
	}
	return slices.MinFunc(leaves, deeperFirst)
}

func deeperFirst(a, b *jsonschema.ValidationError) int {
	return cmp.Or(
		cmp.Compare(len(b.InstanceLocation), len(a.InstanceLocation)),
		slices.Compare(a.InstanceLocation, b.InstanceLocation),
		cmp.Compare(a.SchemaURL, b.SchemaURL),
		cmp.Compare(reason(a), reason(b)),
	)
}

// reason says in words what the schema wants, without the lists of hundreds of
// names that the library would print.
func reason(err *jsonschema.ValidationError) string {
	switch k := err.ErrorKind.(type) {
	case *kind.Enum:
		return fmt.Sprintf("%s is none of %s", value(k.Got), wanted(k.Want))
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		return fmt.Sprintf("%s is not a name that the schema knows here", fault.Quote(k.Properties[0]))
	case *kind.Required:
		return fmt.Sprintf("%s is missing", strings.Join(k.Missing, ", "))
	case *kind.Type:
		return fmt.Sprintf("it is %s, and must be %s", k.Got, strings.Join(k.Want, " or "))
	case *kind.Pattern:
		return fmt.Sprintf("%s does not match %s", fault.Quote(k.Got), k.Want)
	case *kind.Format:
		return fmt.Sprintf("%s is no %s", value(k.Got), k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("elements %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	}
	return err.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}

func value(v any) string {
	if text, ok := v.(string); ok {
		return fault.Quote(text)
	}
	return fault.Quote(fmt.Sprint(v))
}

func wanted(all []any) string {
	const few = 12
	var list []string
	for _, one := range all[:min(few, len(all))] {
		list = append(list, fmt.Sprint(one))
	}
	if len(all) > few {
		list = append(list, fmt.Sprintf("%d more", len(all)-few))
	}
	return strings.Join(list, ", ")
}

func pointer(location []string) string {
	var b strings.Builder
	for _, step := range location {
		b.WriteString("/" + Step(step))
	}
	return b.String()
}

// Step gives a name as it stands in a JSON pointer (RFC 6901).
func Step(name string) string { return steps.Replace(name) }

var steps = strings.NewReplacer("~", "~0", "/", "~1")
