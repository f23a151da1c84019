package vex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stellad/sbom/fault"
)

// Withdraw makes an OpenVEX 0.2.0 document that takes a statement back, which
// stands in the document whose name is given: at the later time made, the same
// vulnerability in the same products is under_investigation, and the notes say
// what is withdrawn, and why (one line). Products that nothing is known by are
// left out. An error wraps ErrVEX.
func Withdraw(s Statement, document, author string, made time.Time, why string) ([]byte, error) {
	text, err := withdraw(s, document, author, made, why)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrVEX, err)
	}
	return text, nil
}

func withdraw(s Statement, document, author string, made time.Time, why string) ([]byte, error) {
	switch {
	case strings.TrimSpace(why) == "":
		return nil, errors.New("why it is withdrawn is missing")
	case strings.Contains(why+document, "\n"):
		return nil, fmt.Errorf("%s is more than a line", fault.Quote(why))
	case document == "":
		return nil, errors.New("the name of the document that it stands in is missing")
	case !made.Truncate(time.Second).After(s.Made):
		return nil, fmt.Errorf("it was made at %s, and can't be withdrawn before: it is %s", s.Made.UTC().Format(time.RFC3339Nano), made.UTC().Format(time.RFC3339))
	}
	request := Request{Vulnerability: s.Vulnerability, Status: UnderInvestigation, Author: author, Time: made}
	if err := request.valid(); err != nil {
		return nil, err
	}
	notes := "Withdraws statement " + strconv.Itoa(s.Index) + " (" + s.Status + ") of " + document + ": " + why
	if err := sayable(notes); err != nil {
		return nil, err
	}
	products, err := newProducts(known(s.Products))
	if err != nil {
		return nil, err
	}
	return seal(author, made, newStatement{
		Vulnerability: newVulnerability{Name: s.Vulnerability, Aliases: unique(s.Aliases)},
		Products:      products, Status: UnderInvestigation, Notes: notes,
	})
}

// known gives the products that something is known by, and of one with several
// digests one for each that OpenVEX has a name for: what a product with many
// digests matches, one of them matches. A product whose every subcomponent is unknown is about none.
func known(products []Product) []Product {
	var list []Product
	for _, p := range products {
		parts := known(p.Subcomponents)
		if len(p.PURLs)+len(p.Digests) == 0 || len(parts) == 0 && len(p.Subcomponents) > 0 {
			continue
		}
		p.Subcomponents = parts
		if len(p.Digests) == 0 {
			list = append(list, p)
		}
		for _, digest := range p.Digests {
			if _, _, ok := hashOf(digest); ok {
				p.Digests = []string{digest}
				list = append(list, p)
			}
		}
	}
	return list
}
