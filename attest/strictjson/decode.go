package strictjson

import (
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
)

// Decode reads one JSON value as a T, whose fields are named by json tags. It
// refuses names that differ from T's in nothing but case, '-' and '_': most
// programs in Go read those as T's, and others read past them, so that one text
// would be two documents.
func Decode[T any](text []byte) (*T, error) {
	var exact, folded T
	if err := json.Unmarshal(text, &exact); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &folded, json.MatchCaseInsensitiveNames(true)); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(exact, folded) {
		return nil, errors.New("a name differs from the specification's in case alone")
	}
	return &exact, nil
}
