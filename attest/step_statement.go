package attest

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

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

// artifact finds the artifact at hand among what was signed.
func (c *chain) artifact() (State, string, error) {
	if c.want.Artifact == nil {
		c.lack("that any artifact at hand is the one that was signed: none was given")
		return Absent, "none was given", nil
	}
	if c.want.Artifact.Flaw != nil {
		return "", "", fmt.Errorf("%s: %w", c.want.Artifact.Name, c.want.Artifact.Flaw)
	}
	match, err := c.match()
	if err != nil {
		return "", "", err
	}
	c.established.Artifact = match
	if others := c.want.Artifact.besides(match); others != "" {
		c.lack("that the other digests in the file are signed: " + others)
	}
	return Held, fmt.Sprintf("%s, which is signed", c.want.Artifact.has()), nil
}

func (c *chain) match() (*Match, error) {
	if c.established.Subjects == nil {
		stated := c.doc.bundle.GetMessageSignature().GetMessageDigest().GetDigest()
		if found := c.want.Artifact.signedAs(c.signedHash, stated); found != nil {
			return found, nil
		}
		return nil, fmt.Errorf("%s, which is not what is signed", c.want.Artifact.has())
	}
	for _, s := range c.established.Subjects {
		if found := c.want.Artifact.in(s); found != nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("%s, which is no subject of the statement", c.want.Artifact.has())
}

// signedAs names the digest that a message signature is over. That the artifact
// has the digest which the bundle states, and that the signature is over this
// artifact's, was seen when the signature was checked.
func (a *Artifact) signedAs(hash crypto.Hash, stated []byte) *Match {
	for i, digests := range a.Any {
		for _, have := range digests {
			if bytes.Equal(have, stated) {
				return &Match{Name: a.Name, Kind: a.kind(i), Algorithm: algorithmOf(hash), Digest: hex.EncodeToString(digests[hash])}
			}
		}
	}
	return nil
}

// in tells whether any of the artifact's digests is the subject's, by a SHA-2
// hash. A subject with several digests must have them all right.
func (a *Artifact) in(s Subject) *Match {
	for i, digests := range a.Any {
		var found *Match
		for name, text := range s.Digest {
			have, known := digests[algorithms[name]]
			if !known || algorithms[name] == 0 {
				continue
			}
			want, err := hex.DecodeString(text)
			if err != nil || !bytes.Equal(have, want) {
				found = nil
				break
			}
			if found == nil || name == "sha256" {
				found = &Match{Name: a.Name, Kind: a.kind(i), Algorithm: name, Digest: hex.EncodeToString(want)}
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// besides lists the artifact's digests that are not the match: other images may
// stand in the same file.
func (a *Artifact) besides(match *Match) string {
	var others []string
	for _, digests := range a.Any {
		if hex.EncodeToString(digests[algorithms[match.Algorithm]]) != match.Digest {
			others = append(others, digests.String())
		}
	}
	return strings.Join(others, ", ")
}

func (a *Artifact) kind(i int) string {
	if i < len(a.Kinds) {
		return a.Kinds[i]
	}
	return a.Kind
}

func (a *Artifact) has() string {
	switch {
	case a.Name == "":
		return fmt.Sprintf("the digest given is %s", a.Any[0])
	case len(a.Any) == 1:
		return fmt.Sprintf("%s %s has %s", a.Kind, a.Name, a.Any[0])
	}
	all := make([]string, len(a.Any))
	for i, digests := range a.Any {
		all[i] = digests.String()
	}
	return fmt.Sprintf("%s %s has %s", a.Kind, a.Name, strings.Join(all, ", "))
}
