package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	stellav1 "stellad/api/stella/v1"
	"stellad/attest"
	"stellad/attest/sign"
	"stellad/internal/cli"
)

// maxPredicateFile bounds a predicate as package sign does, which counts what is in it too.
const maxPredicateFile = 2 << 20

// wanted is the statement that is to be signed. Its predicate is nil for an endorsement.
type wanted struct {
	subjects      []attest.Subject
	predicateType string
	predicate     []byte
	why           string
}

// statement makes it as the daemon does, which alone knows who endorses, and when.
func (w wanted) statement(who string, when time.Time) (*sign.Statement, error) {
	p := sign.Predicate{Type: w.predicateType, JSON: w.predicate}
	if w.predicate == nil {
		var err error
		if p, err = (sign.Endorsement{Who: who, When: when, Why: w.why}).Predicate(); err != nil {
			return nil, err
		}
	}
	return sign.NewStatement(w.subjects, p)
}

// check finds what the daemon would refuse.
func (w wanted) check() error {
	_, err := w.statement("somebody", time.Unix(0, 0))
	return err
}

func (w wanted) request() *stellav1.SignStatementRequest {
	req := &stellav1.SignStatementRequest{PredicateType: w.predicateType, Predicate: w.predicate, Why: w.why}
	for _, s := range w.subjects {
		req.Subjects = append(req.Subjects, &stellav1.SignStatementRequest_Subject{Name: s.Name, Digest: s.Digest})
	}
	return req
}

// isStatedBy tells whether a bundle's statement is this one, to the byte; of an endorsement, whoever made it and whenever.
func (w wanted) isStatedBy(b *bundleText) bool {
	var said struct {
		Predicate struct {
			Who  string    `json:"who"`
			When time.Time `json:"when"`
		} `json:"predicate"`
	}
	_ = json.Unmarshal(b.Envelope.Payload, &said) // of another predicate nothing is looked at
	s, err := w.statement(said.Predicate.Who, said.Predicate.When)
	return err == nil && bytes.Equal(s.Bytes(), b.Envelope.Payload)
}

// readAnswer reads the daemon's bundle, which must state what was asked.
func (w wanted) readAnswer(text []byte) (*bundleText, error) {
	b, err := readBundleText(text)
	switch {
	case err != nil:
		return nil, cli.Refused(fmt.Errorf("what the daemon sent is %w", err))
	case !w.isStatedBy(b):
		return nil, cli.Refused(errors.New("the daemon signed another statement than was asked for"))
	}
	return b, nil
}

// bundleText is what of a Sigstore bundle tells it from others. Nothing of it is verified.
type bundleText struct {
	MediaType string `json:"mediaType"`
	Envelope  struct {
		Payload    []byte `json:"payload"`
		Signatures []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

var errNoAttestation = errors.New("no Sigstore bundle of a statement")

func readBundleText(text []byte) (*bundleText, error) {
	var b bundleText
	if err := json.Unmarshal(text, &b); err != nil || !strings.HasPrefix(b.MediaType, "application/vnd.dev.sigstore.bundle") || len(b.Envelope.Signatures) == 0 {
		return nil, errNoAttestation
	}
	return &b, nil
}

// same tells whether two bundles have one signature. Proofs of it differ as the log grows.
func (b *bundleText) same(other *bundleText) bool {
	return len(b.Envelope.Signatures) == 1 && len(other.Envelope.Signatures) == 1 &&
		bytes.Equal(b.Envelope.Payload, other.Envelope.Payload) &&
		bytes.Equal(b.Envelope.Signatures[0].Sig, other.Envelope.Signatures[0].Sig)
}
