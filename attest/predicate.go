package attest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Predicate gives what the document's in-toto statement says of its subjects: the predicate's type and its JSON, as it was
// signed. It verifies nothing: a verdict on the same document says whether to believe it. A message signature has none.
func (d *Document) Predicate() (predicateType string, predicate []byte, err error) {
	kind, payload, signed := (&chain{doc: d}).payload()
	if !signed || kind != payloadType {
		return "", nil, errors.New("it is no in-toto statement")
	}
	s, err := parseStatement(payload)
	if err != nil {
		return "", nil, err
	}
	var rest struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &rest); err != nil {
		return "", nil, fmt.Errorf("the payload is no in-toto statement: %w", err)
	}
	return s.PredicateType, rest.Predicate, nil
}
