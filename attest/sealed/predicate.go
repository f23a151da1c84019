package sealed

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"

	"stellad/attest/sign"
)

// ReadPredicate reads a statement's predicate of a type, in the one form that a marshalled
// value of into has. Errors wrap ErrSealed.
func ReadPredicate(s *sign.Statement, predicateType string, into any) error {
	p := s.Predicate()
	if p.Type != predicateType {
		return fmt.Errorf("%w: predicate type %.100q, where %q is wanted", ErrSealed, p.Type, predicateType)
	}
	if err := json.Unmarshal(p.JSON, into, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%w: predicate: %s", ErrSealed, oneLine(err))
	}
	again, err := json.Marshal(into, json.Deterministic(true))
	if err != nil || !bytes.Equal(again, p.JSON) {
		return fmt.Errorf("%w: predicate: it is not in its one form", ErrSealed)
	}
	return nil
}
