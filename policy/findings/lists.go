package findings

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// found is a list of what may be findings, and each one of a finding's parts: with more than MaxFindings and maxEach members
// they are refused while they are read. An empty object is three bytes of a report, and a hundred times that in memory.
type (
	found[T any] []T
	each[T any]  []T
)

func (l *found[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return unmarshal((*[]T)(l), d, MaxFindings, "findings")
}

func (l *each[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return unmarshal((*[]T)(l), d, maxEach, "in a list of one finding")
}

// unmarshal reads a list of at most so many. Of null it leaves what there is, which is nil: that is no empty list.
func unmarshal[T any](into *[]T, d *jsontext.Decoder, most int, what string) error {
	if d.PeekKind() == 'n' {
		return d.SkipValue()
	}
	if d.PeekKind() != '[' {
		return json.UnmarshalDecode(d, into) // which says what is wrong
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*into = []T{}
	for d.PeekKind() != ']' {
		if len(*into) == most {
			return fmt.Errorf("more than %d %s", most, what)
		}
		var one T
		if err := json.UnmarshalDecode(d, &one); err != nil {
			return err
		}
		*into = append(*into, one)
	}
	_, err := d.ReadToken()
	return err
}
