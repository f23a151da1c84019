package findings

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"stellad/attest/strictjson"
	"stellad/sbom/fault"
)

// decode reads one JSON document as a T. A byte order mark, which tools for SARIF write, is no part of it.
func decode[T any](text []byte) (*T, error) {
	one, err := strictjson.One(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), maxTokens)
	if err != nil {
		return nil, fault.At(0, "", "%s", err)
	}
	into, err := strictjson.Decode[T](one)
	if err != nil {
		return nil, placed(one, err)
	}
	return into, nil
}

// placed says where in a text a decoder's error is.
func placed(text []byte, err error) error {
	var wrong *json.SemanticError
	if !errors.As(err, &wrong) {
		return fault.At(0, "", "%s", err)
	}
	what := fmt.Sprintf("a %s is not what belongs here", kindOf(wrong))
	if wrong.Err != nil {
		what = wrong.Err.Error()
	}
	return fault.At(1+bytes.Count(text[:min(int(wrong.ByteOffset), len(text))], []byte("\n")), string(wrong.JSONPointer), "%s", what)
}

// kindOf names what stands in a document.
func kindOf(wrong *json.SemanticError) string {
	switch wrong.JSONKind {
	case '"':
		return "text"
	case '{':
		return "object"
	case '[':
		return "list"
	case '0':
		return "number"
	}
	return "value"
}
