package vex

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stellad/sbom/fault"
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

// valid says what OpenVEX, or who reads it here, would refuse.
func (r Request) valid() error {
	for _, text := range []struct{ what, text string }{
		{"a vulnerability (--cve)", r.Vulnerability}, {"an author", r.Author},
	} {
		if strings.TrimSpace(text.text) == "" {
			return fmt.Errorf("%s is missing", text.what)
		}
	}
	if strings.ContainsFunc(r.Vulnerability, unicode.IsSpace) {
		return fmt.Errorf("%s is no name of one vulnerability", fault.Quote(r.Vulnerability))
	}
	for _, text := range []string{r.Vulnerability, r.Author, r.Justification, r.Impact, r.Action} {
		if err := sayable(text); err != nil {
			return err
		}
	}
	if err := validDigests(r.Products); err != nil {
		return err
	}
	if r.Time.IsZero() {
		return errors.New("the time at which it is made is missing")
	}
	if !r.Expires.IsZero() && !r.Expires.Truncate(time.Second).After(r.Time) {
		return fmt.Errorf("it would expire at %s, and is made at %s", r.Expires.UTC().Format(time.RFC3339), r.Time.UTC().Format(time.RFC3339))
	}
	return r.validStatus()
}

// validDigests refuses what OpenVEX has names for and no artifact here has: a
// statement on it would be about nothing.
func validDigests(products []Product) error {
	for _, p := range products {
		for _, digest := range p.Digests {
			if !isDigest(digest) {
				return fmt.Errorf("product %s is not sha256: and 64 digits of lower-case hex", fault.Quote(digest))
			}
		}
		if err := validDigests(p.Subcomponents); err != nil {
			return err
		}
	}
	return nil
}

// MaxText is the length in bytes of each text of a document that is made.
const MaxText = 16 << 10

func sayable(text string) error {
	switch {
	case len(text) > MaxText:
		return fmt.Errorf("a text of more than %d bytes", MaxText)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is no UTF-8", fault.Quote(text))
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }):
		return fmt.Errorf("%s has a control character in it", fault.Quote(text))
	}
	return nil
}

// validStatus holds what is given to what the status takes.
func (r Request) validStatus() error {
	blank := func(text string) bool { return strings.TrimSpace(text) == "" }
	switch {
	case r.Status != NotAffected && r.Status != Affected && r.Status != Fixed && r.Status != UnderInvestigation:
		return fmt.Errorf("status %s is none of %s", fault.Quote(r.Status), strings.Join(Statuses(), ", "))
	case r.Status == NotAffected && blank(r.Justification):
		return fmt.Errorf("not_affected needs --justification: one of %s, or words", strings.Join(Labels(), ", "))
	case r.Status == Affected && blank(r.Action):
		return errors.New("affected needs --action-statement: what is to be done")
	case r.Status != NotAffected && r.Justification != "":
		return fmt.Errorf("%s takes no --justification: not_affected does", r.Status)
	case r.Status != NotAffected && r.Impact != "":
		return fmt.Errorf("%s takes no --impact-statement: not_affected does", r.Status)
	case r.Status != Affected && r.Action != "":
		return fmt.Errorf("%s takes no --action-statement: affected does", r.Status)
	}
	return r.validJustification()
}

// validJustification finds a label that was misspelt: as words it would be no
// label to any policy.
func (r Request) validJustification() error {
	switch {
	case r.Justification == "" || isLabel(r.Justification):
		return nil
	case r.Impact != "":
		return errors.New("words in --justification and an --impact-statement: give one, or a label beside the statement")
	case strings.Contains(r.Justification, "_") && !strings.ContainsFunc(r.Justification, unicode.IsSpace):
		return fmt.Errorf("justification %s is none of %s", fault.Quote(r.Justification), strings.Join(Labels(), ", "))
	}
	return nil
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
