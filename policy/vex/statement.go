package vex

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrVEX is what every refusal of a document wraps, read or made.
var ErrVEX = errors.New("no VEX document of a form that is read here")

// What a statement says of a finding, in OpenVEX's words.
const (
	NotAffected        = "not_affected"
	Affected           = "affected"
	Fixed              = "fixed"
	UnderInvestigation = "under_investigation"
)

// Statuses are the four words that a statement's Status can be.
func Statuses() []string {
	return []string{NotAffected, Affected, Fixed, UnderInvestigation}
}

// Labels are the five justifications of OpenVEX 0.2.0 for not_affected.
func Labels() []string {
	return []string{
		"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
	}
}

func isLabel(text string) bool { return slices.Contains(Labels(), text) }

// A Statement is what one document says of one vulnerability in some products.
type Statement struct {
	ID            string    // as Parse gives it: SHA-256 of the document in hex, "#" and Index
	Document      string    // the document's own name: @id, publisher and tracking ID, or serial number; may be empty
	Index         int       // in the order of the document's statements, from 0
	Vulnerability string    // never empty
	Aliases       []string  // other names of it
	Status        string    // one of Statuses
	Justification string    // one of Labels, or empty
	Impact        string    // why it does no harm, in words
	Action        string    // what is to be done, in words
	Notes         string    // OpenVEX's status_notes, whole
	Author        string    // as the document says
	Made          time.Time // likewise; the later of made and last updated, UTC
	Expires       time.Time // the first moment at which it no longer stands; zero if it has none
	Products      []Product // at least one
}

// A Product is what a statement is about. One that has neither PURLs nor
// Digests is named in a way that nothing here can be held against: it is never
// matched.
type Product struct {
	Name          string    // for people
	PURLs         []string  // of the same thing, as the document spells them
	Digests       []string  // likewise: "sha256:" and lower-case hex, or another algorithm's name
	Subcomponents []Product // the packages in it that are meant; all where there are none
}

// Names gives all names of the vulnerability.
func (s *Statement) Names() []string {
	return append([]string{s.Vulnerability}, s.Aliases...)
}

// unique gives the texts that are not blank, each once, in their order.
func unique(texts []string) []string {
	var list []string
	known := map[string]bool{}
	for _, text := range texts {
		if strings.TrimSpace(text) != "" && !known[text] {
			known[text], list = true, append(list, text)
		}
	}
	return list
}

// isCVE says whether a name is a CVE's, in any case: "CVE-", a year, "-", a number.
func isCVE(name string) bool {
	year, number, ok := strings.Cut(strings.ToUpper(name), "-")
	if !ok || year != "CVE" {
		return false
	}
	year, number, ok = strings.Cut(number, "-")
	return ok && len(year) == 4 && len(number) >= 4 && digits(year) && digits(number)
}

func digits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}
