package vex

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// A Request is what New makes a statement of.
type Request struct {
	Vulnerability string
	Status        string    // one of Statuses
	Justification string    // for not_affected: one of Labels, or words, which become the impact statement
	Impact        string    // for not_affected, beside a label
	Action        string    // for affected
	Products      []Product // each with at most two PURLs and one digest, its name left out; at least one
	Expires       time.Time // to the second; zero if it does not expire
	Author        string
	Time          time.Time // to the second
}

// New makes an OpenVEX 0.2.0 document of one statement. The same request gives
// the same bytes; the document's @id is made of their SHA-256, taken while it is
// empty. An error wraps ErrVEX; where it is a flag that is missing or too much,
// it names the flag of stella vex add.
func New(r Request) ([]byte, error) {
	text, err := r.make()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrVEX, err)
	}
	return text, nil
}

func (r Request) make() ([]byte, error) {
	if err := r.valid(); err != nil {
		return nil, err
	}
	s := newStatement{Vulnerability: newVulnerability{Name: r.Vulnerability}, Status: r.Status, Impact: r.Impact, Action: r.Action}
	if isLabel(r.Justification) {
		s.Justification = r.Justification
	} else if r.Justification != "" {
		s.Impact = r.Justification
	}
	if !r.Expires.IsZero() {
		s.Notes = expiresPrefix + r.Expires.UTC().Format(expiresTime)
	}
	var err error
	if s.Products, err = newProducts(r.Products); err != nil {
		return nil, err
	}
	return seal(r.Author, r.Time, s)
}

// seal gives the document around one statement its name.
func seal(author string, made time.Time, s newStatement) ([]byte, error) {
	doc := newDocument{
		Context: openVEXContext, Author: author, Version: 1, Timestamp: made.UTC().Format(expiresTime),
		Statements: []newStatement{s},
	}
	unnamed, err := encode(doc)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(unnamed)
	doc.ID = "tag:stella,2026:vex/" + hex.EncodeToString(sum[:])
	text, err := encode(doc)
	if err != nil {
		return nil, err
	}
	// What is written is read: nobody signs what a gate would refuse.
	_, err = Parse(OpenVEX, text)
	return text, err
}

func encode(doc newDocument) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(doc)
	return b.Bytes(), err
}
