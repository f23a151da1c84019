package vex

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stellad/sbom/fault"
)

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
