package vex

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"stellad/sbom/fault"
)

// An OpenVEX document as it is written: in this order, without what is empty.
type newDocument struct {
	Context    string         `json:"@context"`
	ID         string         `json:"@id"`
	Author     string         `json:"author"`
	Timestamp  string         `json:"timestamp"`
	Version    int            `json:"version"`
	Statements []newStatement `json:"statements"`
}

type newStatement struct {
	Vulnerability newVulnerability `json:"vulnerability"`
	Products      []newProduct     `json:"products"`
	Status        string           `json:"status"`
	Notes         string           `json:"status_notes,omitempty"`
	Justification string           `json:"justification,omitempty"`
	Impact        string           `json:"impact_statement,omitempty"`
	Action        string           `json:"action_statement,omitempty"`
}

type newVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

type newProduct struct {
	ID            string            `json:"@id,omitempty"`
	Identifiers   map[string]string `json:"identifiers,omitempty"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Subcomponents []newProduct      `json:"subcomponents,omitempty"`
}

// newProducts writes products, sorted nowhere: their order is the maker's.
func newProducts(products []Product) ([]newProduct, error) {
	if len(products) == 0 {
		return nil, errors.New("a product is missing: its digest or package URL (--artifact)")
	}
	list := make([]newProduct, 0, len(products))
	for _, p := range products {
		product, err := newComponent(p)
		if err != nil {
			return nil, err
		}
		for _, part := range p.Subcomponents {
			if len(part.Subcomponents) > 0 {
				return nil, fmt.Errorf("subcomponent %s has subcomponents", fault.Quote(part.label()))
			}
			sub, err := newComponent(part)
			if err != nil {
				return nil, err
			}
			product.Subcomponents = appendNew(product.Subcomponents, sub)
		}
		list = appendNew(list, product)
	}
	return list, nil
}

// appendNew adds a component that is not in the list: OpenVEX allows each once.
func appendNew(list []newProduct, p newProduct) []newProduct {
	if slices.ContainsFunc(list, func(other newProduct) bool { return other.key() == p.key() }) {
		return list
	}
	return append(list, p)
}

func (p newProduct) key() string {
	return fmt.Sprintf("%q %v %v %v", p.ID, p.Identifiers, p.Hashes, p.Subcomponents)
}

// newComponent writes what a product is known by. A name that is none of a
// package is not made up: what is known by its digest alone has no @id.
func newComponent(p Product) (newProduct, error) {
	var c newProduct
	if len(p.PURLs) > 2 || len(p.Digests) > 1 {
		return c, fmt.Errorf("product %s: OpenVEX has room for two package URLs and one SHA-256 of it", fault.Quote(p.label()))
	}
	for i, purl := range p.PURLs {
		if _, err := parsePURL(purl); err != nil {
			return c, fmt.Errorf("product %s: %w", fault.Quote(purl), err)
		}
		if i == 0 && isURI(purl) {
			c.ID = purl
		} else {
			c.Identifiers = map[string]string{"purl": purl}
		}
	}
	for _, digest := range p.Digests {
		if !isDigest(digest) {
			return c, fmt.Errorf("product %s is not sha256: and 64 digits of lower-case hex", fault.Quote(digest))
		}
		c.Hashes = map[string]string{"sha-256": strings.TrimPrefix(digest, "sha256:")}
	}
	if c.ID == "" && c.Hashes == nil && c.Identifiers == nil {
		return c, fmt.Errorf("product %s has neither digest nor package URL", fault.Quote(p.label()))
	}
	return c, nil
}

// isURI says whether a text may stand as @id.
func isURI(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs()
}
