package attest

import (
	"errors"
	"fmt"

	"stellad/attest/strictjson"
)

// statement reads the in-toto statement that was signed. Only now, with the
// signature held, is it worth reading.
func (c *chain) statement() (State, string, error) {
	kind, payload, signed := c.payload()
	if !signed {
		if c.want.PredicateType != "" {
			return "", "", fmt.Errorf("a message signature has no predicate; %q is wanted", c.want.PredicateType)
		}
		return Absent, "the artifact itself is signed, no statement about it", nil
	}
	if kind != payloadType {
		return "", "", fmt.Errorf("payload type %q is not an in-toto statement's, %q", kind, payloadType)
	}
	s, err := parseStatement(payload)
	if err != nil {
		return "", "", err
	}
	c.established.PredicateType, c.established.Subjects = s.PredicateType, s.Subject
	if want := c.want.PredicateType; want != "" && want != s.PredicateType {
		return "", "", fmt.Errorf("predicate type %q, and %q is wanted", s.PredicateType, want)
	}
	return Held, fmt.Sprintf("%s, subjects: %d", s.PredicateType, len(s.Subject)), nil
}

func (c *chain) payload() (kind string, payload []byte, signed bool) {
	if c.doc.envelope != nil {
		return c.doc.envelope.payloadType, c.doc.envelope.payload, true
	}
	env := c.doc.bundle.GetDsseEnvelope()
	return env.GetPayloadType(), env.GetPayload(), env != nil
}

// statement is an in-toto Statement v1, and v0.1 whose shape is the same. The
// predicate is its consumer's to read.
type statement struct {
	Type          string    `json:"_type"`
	PredicateType string    `json:"predicateType"`
	Subject       []Subject `json:"subject"`
}

// parseStatement refuses what two readers could read two ways.
func parseStatement(payload []byte) (*statement, error) {
	if _, err := strictjson.One(payload, maxStatement); err != nil {
		return nil, fmt.Errorf("the payload: %w", err)
	}
	s, err := strictjson.Decode[statement](payload)
	if err != nil {
		return nil, fmt.Errorf("the payload is no in-toto statement: %w", err)
	}
	return s, s.check()
}

func (s *statement) check() error {
	switch {
	case s.Type != "https://in-toto.io/Statement/v1" && s.Type != "https://in-toto.io/Statement/v0.1":
		return fmt.Errorf("statement type %q is not in-toto's v1 or v0.1", s.Type)
	case s.PredicateType == "":
		return errors.New("the statement has no predicate type")
	case len(s.Subject) == 0:
		return errors.New("the statement has no subject")
	case len(s.Subject) > maxSubjects:
		return fmt.Errorf("%d subjects, more than %d", len(s.Subject), maxSubjects)
	}
	for i, subject := range s.Subject {
		if len(subject.Digest) == 0 {
			return fmt.Errorf("subject[%d] has no digest", i)
		}
	}
	return nil
}
